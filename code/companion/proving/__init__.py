"""Have Coq check the proofs beside the chapters, and write down what it says."""
