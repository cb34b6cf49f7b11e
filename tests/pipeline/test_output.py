"""What a call of Snakemake prints."""


def test_a_call_is_a_line_a_job_and_ends_with_the_paths_of_what_it_makes(made):
    made.replace("config.yaml", "step_sizes: [10]", "step_sizes: [9]")
    code, output = made.snakemake("results/tiny/summary.csv")
    assert code == 0, output
    tables = ["results/tiny/traces.csv", "results/tiny/summary.csv"]
    assert output.splitlines()[-2:] == tables, output
    assert "explorer" not in output
    made.replace("config.yaml", "step_sizes: [9]", "step_sizes: [8]")
    code, output = made.snakemake("tiny")
    assert code == 0, output
    *_, figure, traces, summary, predictions, page = lines = output.splitlines()
    assert (figure, page) == ("results/tiny/figures/heatmap.png", "results/tiny/explorer.html")
    assert [traces, summary] == tables
    assert predictions == "results/tiny/predictions.csv"
    assert len(lines) < 30
    assert max(map(len, lines)) < 120
