from page import page, slower, table

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
        {"network": "scalar", "limit": 16000.0, "JAX": 400.0, "run_ensemble": 8000.0},
        {"network": "2-2-2", "limit": 2000.0, "JAX": None, "run_ensemble": 1500.0},
    ],
    "picture": 0.25,
    "scaling": {"steps": {"values": [512, 1024], "largest deviation": 0.02}},
    "hessian": [{"network": "2-2-2", "D": 8, "ours": 0.06, "jax.hessian": 0.02}],
    "sharpness": [{"D": 9800, "ours": 0.03, "jax": 0.06}],
}


def test_page_shows_machine_tables_and_share_of_the_limit():
    text = page(RESULTS)
    assert "2 of 4 cores (A processor, Linux, load before 0.2)" in text
    assert "| scalar | 16,000 | 400 | 8,000 | 50 |" in text
    assert "| scalar | 20 |" in text
    assert "| 2-2-2 | not installed |" in text
    assert "within 2 % over a factor of 2" in text


def test_page_says_where_we_are_slower():
    assert list(slower(RESULTS)) == [
        "* Exact Hessian, 2-2-2: jax.hessian is 3.0 times as fast.",
    ]


def test_table_has_one_line_a_row():
    assert table([{"network": "a", "x": 1.5}]) == "| network | x |\n| --- | ---: |\n| a | 1.5 |"
