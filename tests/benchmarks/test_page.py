"""The page on speed says what was measured, what was not, and where something else is faster."""

from page import page, slower

NETWORKS = ["1-1-1", "1-1-1-1-1-1", "2-2-2", "5-10-10-3", "10-20-10", "20-20-20"]
NETWORKS += ["30-30-30", "40-40-40", "20-64-64-10", "50-64-64-10"]
OTHERS = {"NumPy by hand": 10.0, "PyTorch by hand": 20.0, "JAX by hand": 400.0, "C by hand": 1000.0}
FIT = {"values": [512, 1024], "with": "3 starts", "largest deviation": 0.02}
RESULTS = {
    "machine": {"processor": "A processor", "cores": 4, "used": 2, "load before": 0.25}
    | {"python": "3.12.0", "system": "Linux", "versions": {"numpy": "2.0"}},
    "multiply-adds a second": 64e9,
    "ensembles": [
        {"network": name, "D": 2, "limit": 16000.0, **OTHERS, "run_ensemble": 8000.0}
        for name in NETWORKS
    ],
    "sizes": [{"network": "1-1-1", "way": "JAX by hand", "sizes": {64: 400.0, 4096: 50.0}}],
    "exponent of D": 1.52,
    "first call": {"2-2-2, cold": 1.5, "2-2-2, cached": 0.5},
    "picture": 0.25,
    "scaling": {"steps": FIT | {"seconds each": 2e-6, "seconds before the first": 0.5}},
    "hessian": [{"network": "2-2-2", "D": 8, "ours": 0.06, "jax.hessian": 0.02}],
    "sharpness": [{"D": 9800, "ours": 0.03, "ARPACK": 0.06}, {"D": 10**6, "ours": 3.0}],
    "critical step": [{"network": "100 to 10", "ours": 0.02, "ARPACK, no proof": 0.01}],
}
RESULTS["ensembles"][2] |= dict.fromkeys(OTHERS)  # nothing else is installed
RESULTS["ensembles"][3]["run_ensemble"] = 800.0
RESULTS["ensembles"][6]["run_ensemble"] = 440.0


def test_page_says_what_was_measured_and_which_targets_are_met():
    text = page(RESULTS)
    for words in (
        "2 of 4 cores (A processor, Linux, load before 0.2)",
        "| 1-1-1 | 2 | 16,000 | 10 | 20 | 400 | 1,000 | 8,000 | 50 |",
        "| 1-1-1 | 800 | 400 | 20 | 8 |",
        "| 2-2-2 | not installed |",
        "| 1-1-1 | JAX by hand | 64: 400, 4096: 50 |",
        "(with 3 starts): a line, 0.5 s and 2 µs for each",
        "within 2 % over a factor of 2",
        "the power 1.52 of D",
        "| 1000000 | 3 | not run |",
        "| 1-1-1: at least 3 × JAX by hand | 20.00 × | yes |",
        "| 5-10-10-3: at least 3 × JAX by hand | 2.00 × | **no** |",
        "| 2-2-2: at least 0.9 × C by hand | not measured | open |",
        "| 30-30-30: at least 1.3 × the best framework by hand | 1.10 × | **no** |",
        "| 1-1-1: at least 45 % of the limit | 50 % | yes |",
        "| first call of 2-2-2, cold: at most 3.0 s | 1.50 s | yes |",
        "| first call of 2-2-2, cached: at most 0.3 s | 0.50 s | **no** |",
        "| the basin picture: at most 5 s | 0.25 s | yes |",
    ):
        assert words in text, words


def test_page_says_where_we_are_slower():
    assert list(slower(RESULTS)) == [
        "* Ensembles, 5-10-10-3: C by hand is 1.2 times as fast.",
        "* Ensembles, 30-30-30: C by hand is 2.3 times as fast.",
        "* Exact Hessian, 2-2-2: jax.hessian is 3.0 times as fast.",
        "* Critical step size, 100 to 10: ARPACK, no proof is 2.0 times as fast.",
    ]
