(** * Certificates in rational numbers, checked by computation

    Matrices are lists of rows. The Hessian is found from second differences of the loss, which are
    exact: the loss has degree at most two in each entry of θ. Nothing is taken from the package. *)
Require Import List QArith Qreduction.
Import ListNotations.
Open Scope Q_scope.

Definition matrix := list (list Q).

Fixpoint raw_dot (a b : list Q) : Q :=
  match a, b with x :: a', y :: b' => x * y + raw_dot a' b' | _, _ => 0 end.

Definition dot (a b : list Q) : Q := Qred (raw_dot a b).

Fixpoint transpose (columns : nat) (A : matrix) : matrix :=
  match columns with
  | O => []
  | S c => map (fun row => hd 0 row) A :: transpose c (map (@tl Q) A)
  end.

Definition mul (columns : nat) (A B : matrix) : matrix :=
  map (fun row => map (dot row) (transpose columns B)) A.

Definition diagonal (d : list Q) : matrix :=
  map (fun i => map (fun j => if Nat.eqb i j then nth i d 0 else 0) (seq 0 (length d)))
    (seq 0 (length d)).

Definition identity (n : nat) : matrix := diagonal (repeat 1 n).

(** ** A network, its data, its loss *)

(** [widths] are d_0, …, d_N; θ holds the rows of W_1, then those of W_2, and so on. *)
Record problem := { widths : list nat; X : matrix; Y : matrix; η : Q }.

Fixpoint rows (count size : nat) (entries : list Q) : matrix :=
  match count with O => [] | S c => firstn size entries :: rows c size (skipn size entries) end.

(** W_N ⋯ W_1 A *)
Fixpoint through (n d : nat) (later : list nat) (θ : list Q) (A : matrix) : matrix :=
  match later with
  | [] => A
  | d' :: rest => through n d' rest (skipn (d' * d) θ) (mul n (rows d' d θ) A)
  end.

Definition samples (p : problem) : nat := length (hd [] (X p)).
Definition residual (p : problem) (θ : list Q) : list Q :=
  map (fun yz => Qred (snd yz - fst yz)) (combine (concat (Y p))
    (concat (through (samples p) (hd 0%nat (widths p)) (tl (widths p)) θ (X p)))).
Definition loss p θ : Q := let R := residual p θ in dot R R.

(** ** Second differences *)

Definition moved (θ : list Q) (i : nat) (t : Q) : list Q :=
  firstn i θ ++ match skipn i θ with [] => [] | x :: rest => Qred (x + t) :: rest end.

Definition second_difference p θ i j : Q :=
  let L s t := loss p (moved (moved θ i s) j t) in
  Qred ((L 1 1 - L 1 (-1) - L (-1) 1 + L (-1) (-1)) / 4).

(** For i = j this is (L(θ + 2e) - 2 L(θ) + L(θ - 2e)) / 4, the second derivative as well. *)
Definition hessian p θ : matrix :=
  let n := length θ in
  let lower := map (fun i => map (second_difference p θ i) (seq 0 (S i))) (seq 0 n) in
  let entry i j := nth j (nth i lower []) 0 in
  map (fun i => map (fun j => entry (Nat.max i j) (Nat.min i j)) (seq 0 n)) (seq 0 n).

(** [D - c H], entry by entry, for a diagonal matrix D with the entry [a] *)
Definition shifted (a c : Q) (H : matrix) : matrix :=
  map (fun rs => map (fun xy => Qred (a * fst xy - c * snd xy)) (combine (fst rs) (snd rs)))
    (combine (identity (length H)) H).

(** ** What the certificates say *)

(** I - ηH(θ) has an inverse, so det DG_η(θ) is not zero. *)
Definition regular (c : problem * list Q) : Prop :=
  let (p, θ) := c in let n := length θ in
  exists B, mul n (shifted 1 (η p) (hessian p θ)) B = identity n.

Definition critical (p : problem) (θ : list Q) : Prop :=
  map (fun i => Qred (loss p (moved θ i 1) - loss p (moved θ i (-1)))) (seq 0 (length θ)) =
  repeat 0 (length θ).

Definition count (test : Q -> bool) (d : list Q) : nat := length (filter test d).
Definition positive (x : Q) : bool := negb (Qle_bool x 0).

(** θ is a critical point, and H(θ) has so many eigenvalues above, at and below 2/η: P is square and
    invertible, P (H - 2/η I) Pᵀ is diagonal, and the signs on the diagonal are counted. *)
Definition inertia (c : problem * list Q * (nat * nat * nat)) : Prop :=
  let '(p, θ, (above, equal, below)) := c in let n := length θ in
  exists P P' d,
    critical p θ /\ map (@length Q) P = repeat n n /\ mul n P P' = identity n /\
    mul n (mul n P (shifted (- (2 / η p)) (- (1)) (hessian p θ))) (transpose n P) = diagonal d /\
    count positive d = above /\ count (Qeq_bool 0) d = equal /\
    count (fun x => positive (- x)) d = below.
