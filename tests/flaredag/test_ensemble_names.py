"""Names of ensembles' forecasts: as verification, figures and configuration know them."""

from flaredag.ensemble_names import average_model, best_model, criterion_model, ensemble_models, oracle_model


def test_names_in_the_order_of_the_predictions():
    assert ensemble_models("stack", ["brier_score", "accuracy"]) == [
        "stack_brier_score",
        "stack_accuracy",
        "stack_average",
        "stack_best",
        "stack_oracle_on_test",
    ]


def test_each_name_is_among_them():
    names = ensemble_models("stack", ["accuracy"])
    assert {average_model("stack"), best_model("stack"), oracle_model("stack")} < set(names)
    assert criterion_model("stack", "accuracy") == names[0]
