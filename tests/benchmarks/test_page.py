from page import page, slower, table
from targets import targets

OTHERS = {
    "PyTorch autograd": 10.0,
    "PyTorch torch.func": 20.0,
    "JAX jit(vmap(grad))": 400.0,
    "JAX, best batch": 1000.0,
}
RESULTS = {
    "machine": {
        "processor": "A processor",
        "cores": 4,
        "used": 2,
        "load before": 0.25,
        "python": "3.12.0",
        "system": "Linux",
        "versions": {"numpy": "2.0", "torch": "not installed"},
    },
    "multiply-adds a second": 64e9,
    "ensembles": [
        {"network": "scalar", "limit": 16000.0, **OTHERS, "run_ensemble": 8000.0},
        {"network": "2-2-2", "limit": 2000.0, **dict.fromkeys(OTHERS), "run_ensemble": 1500.0},
        {"network": "5-10-10-3", "limit": 40.0, **OTHERS, "run_ensemble": 20.0},
    ],
    "JAX batches": [
        {
            "network": "scalar",
            "m": 65536,
            "way": "JAX jit(vmap(grad))",
            "m/16": 1000.0,
            "m/1": 400.0,
        }
    ],
    "picture": 0.25,
    "scaling": {
        "steps": {
            "values": [512, 1024],
            "with": "3 starts",
            "largest deviation": 0.02,
            "seconds each": 2e-6,
            "seconds before the first": 0.5,
        }
    },
    "hessian": [{"network": "2-2-2", "D": 8, "ours": 0.06, "jax.hessian": 0.02}],
    "sharpness": [{"D": 9800, "ours": 0.03, "jax": 0.06}],
}


def test_page_shows_machine_tables_and_share_of_the_limit():
    text = page(RESULTS)
    assert "2 of 4 cores (A processor, Linux, load before 0.2)" in text
    assert "| scalar | 16,000 | 10 | 20 | 400 | 1,000 | 8,000 | 50 |" in text
    assert "| scalar | 800 | 400 | 20 | 8 |" in text
    assert "| 2-2-2 | not installed |" in text
    assert "| scalar | 65536 | JAX jit(vmap(grad)) | 1,000 | 400 |" in text
    assert "(with 3 starts): a line, 0.5 s and 2 µs for each" in text
    assert "within 2 % over a factor of 2" in text


def test_page_says_which_targets_are_met():
    met = {row["target"]: (row["measured"], row["met"]) for row in targets(RESULTS)}
    assert met == {
        "scalar: at least 10 × JAX jit(vmap(grad))": ("20.0 ×", "yes"),
        "scalar: at least 10 × JAX, best batch": ("8.0 ×", "**no**"),
        "scalar: at least 30 × PyTorch autograd": ("800.0 ×", "yes"),
        "scalar: at least 30 × PyTorch torch.func": ("400.0 ×", "yes"),
        "2-2-2: at least 5 × JAX jit(vmap(grad))": ("not measured", "open"),
        "2-2-2: at least 5 × JAX, best batch": ("not measured", "open"),
        "5-10-10-3: at least 3 × JAX jit(vmap(grad))": ("0.1 ×", "**no**"),
        "5-10-10-3: at least 3 × JAX, best batch": ("0.0 ×", "**no**"),
        "scalar: at least 50 % of the limit": ("50 %", "yes"),
        "the basin picture: at most 5 s": ("0.25 s", "yes"),
    }


def test_page_says_where_we_are_slower():
    assert list(slower(RESULTS)) == [
        "* Ensembles, 5-10-10-3: JAX jit(vmap(grad)) is 20.0 times as fast.",
        "* Ensembles, 5-10-10-3: JAX, best batch is 50.0 times as fast.",
        "* Exact Hessian, 2-2-2: jax.hessian is 3.0 times as fast.",
    ]


def test_table_has_one_line_a_row():
    assert table([{"network": "a", "x": 1.5}]) == "| network | x |\n| --- | ---: |\n| a | 1.5 |"
