"""The store of fits: digests hang on what a fit is made from and on nothing else; pruning keeps what is used."""

import copy

import pytest

from flaredag.errors import InputError
from flaredag.store import FIT_COLUMNS, ON_MAGNETOGRAMS, check_stored, fit_rows, fits_of_study, stored_fit

INDEX = {
    "datasets": {
        name: {"seeds": {str(seed): {"digest": f"{number:x}{seed:015x}", "splits": {}} for seed in range(12)}}
        for number, name in enumerate(["SHARP_ONLY", "FUSED_SHARP"])
    }
}
KINDS = {
    "networks": {"models": ["lstm"], "seeds_per_job": 5},
    "baselines": {"models": ["climatology", "persistence"], "seeds_per_job": 12},
}
MODELS = {"lstm": {"hidden_size": 64, "max_epochs": 20}, "climatology": {}, "persistence": {}, "oracle": {"wise": 1}}
CODE = {"networks": "a" * 16, "baselines": "b" * 16}
ENVIRONMENTS = {"networks": "c" * 16, "baselines": "d" * 16}


def fits_of(
    index=INDEX,
    kinds=KINDS,
    models=MODELS,
    code=CODE,
    environments=ENVIRONMENTS,
    store="results/store",
    datasets=None,
):
    return fits_of_study(
        index,
        kinds,
        datasets={name: {"evaluated": "sharp"} for name in index["datasets"]} if datasets is None else datasets,
        models=models,
        code=code,
        environments=environments,
        store=store,
    )


def names(fits):
    """Folder of each fit, by data set, kind and first seed."""
    return {(fit.dataset, fit.kind, fit.made_from["seeds"][0]): fit.folder for fit in fits}


def changed(before, after):
    """Keys of the fits whose folder differs."""
    before, after = names(before), names(after)
    assert before.keys() == after.keys()
    return {key for key in before if before[key] != after[key]}


def test_a_data_set_may_have_settings_of_its_own_for_a_model():
    datasets = {
        "SHARP_ONLY": {"model_settings": {"lstm": {"hidden_size": 8}}},
        "FUSED_SHARP": {},
    }
    fits = fits_of(datasets=datasets)
    of_networks = {fit.dataset: fit.made_from["models"] for fit in fits if fit.kind == "networks"}
    assert of_networks["SHARP_ONLY"] == {"lstm": {"hidden_size": 8, "max_epochs": 20}}
    assert of_networks["FUSED_SHARP"] == {"lstm": MODELS["lstm"]}
    assert {key[:2] for key in changed(fits_of(), fits)} == {("SHARP_ONLY", "networks")}


def test_a_setting_that_the_model_does_not_have_is_told():
    datasets = {"SHARP_ONLY": {"model_settings": {"lstm": {"hiden_size": 8}}}, "FUSED_SHARP": {}}
    with pytest.raises(InputError, match="lstm: no setting hiden_size; it has hidden_size, max_epochs"):
        fits_of(datasets=datasets)


ALL = set(names(fits_of()))
NETWORKS = {key for key in ALL if key[1] == "networks"}
BASELINES = ALL - NETWORKS


class TestFits:
    def test_seeds_come_in_batches_in_their_order(self):
        batches = [(fit.dataset, fit.kind, fit.made_from["seeds"]) for fit in fits_of()]
        networks = [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [10, 11]]
        assert batches == [
            (dataset, kind, seeds)
            for dataset in ("SHARP_ONLY", "FUSED_SHARP")
            for kind, batch in [("networks", networks), ("baselines", [list(range(12))])]
            for seeds in batch
        ]

    def test_what_a_fit_is_made_from_stands_in_clear(self):
        fit = fits_of()[0]
        assert fit.made_from == {
            "seeds": [0, 1, 2, 3, 4],
            "models": {"lstm": {"hidden_size": 64, "max_epochs": 20}},
            "datasets": {str(seed): f"0{seed:015x}" for seed in range(5)},
            "code": "a" * 16,
            "environment": "c" * 16,
        }
        assert fit.folder == f"results/store/checkpoints/{fit.dataset_digest}/networks-{fit.models_digest}"
        assert len(fit.dataset_digest) == len(fit.models_digest) == 16

    def test_no_two_fits_share_a_folder(self):
        assert len({fit.folder for fit in fits_of()}) == len(fits_of()) == 8

    def test_the_order_of_settings_and_of_seeds_in_the_index_does_not_matter(self):
        models = {"oracle": {}, "persistence": {}, "lstm": {"max_epochs": 20, "hidden_size": 64}, "climatology": {}}
        index = {
            "datasets": {
                name: {"seeds": dict(reversed(entry["seeds"].items()))} for name, entry in INDEX["datasets"].items()
            }
        }
        assert not changed(fits_of(), fits_of(index=index, models=models))


THREE_NETWORKS = {"networks": {"models": ["lstm", "gru", "rnn"], "seeds_per_job": 6, "models_per_job": 2}}
THEIR_SETTINGS = MODELS | {"gru": {"hidden_size": 8}, "rnn": {}}


class TestModelsOfAJob:
    def test_models_come_in_batches_and_each_with_all_seeds(self):
        fits = [fit for fit in fits_of(kinds=THREE_NETWORKS, models=THEIR_SETTINGS) if fit.dataset == "SHARP_ONLY"]
        assert [(list(fit.made_from["models"]), fit.made_from["seeds"]) for fit in fits] == [
            (models, seeds) for models in (["lstm", "gru"], ["rnn"]) for seeds in (list(range(6)), list(range(6, 12)))
        ]
        assert len({fit.folder for fit in fits}) == 4

    def test_a_setting_changes_the_fits_of_its_job_alone(self):
        before = fits_of(kinds=THREE_NETWORKS, models=THEIR_SETTINGS)
        after = fits_of(kinds=THREE_NETWORKS, models=THEIR_SETTINGS | {"rnn": {"hidden_size": 1}})
        moved = {tuple(fit.made_from["models"]) for fit, other in zip(before, after, strict=True) if fit != other}
        assert moved == {("rnn",)}

    def test_a_data_set_may_name_the_few_models_that_are_fitted_on_it(self):
        datasets = {"SHARP_ONLY": {}, "FUSED_SHARP": {"models": ["persistence"]}}
        fits = [fit for fit in fits_of(datasets=datasets) if fit.dataset == "FUSED_SHARP"]
        assert [list(fit.made_from["models"]) for fit in fits] == [["persistence"]]
        # Models fitted alone are no batch of all: the fit is another one.
        assert fits[0].models_digest not in {fit.models_digest for fit in fits_of()}
        of_other = [fit.folder for fit in fits_of(datasets=datasets) if fit.dataset == "SHARP_ONLY"]
        assert of_other == [fit.folder for fit in fits_of() if fit.dataset == "SHARP_ONLY"]

    def test_with_as_many_models_a_job_as_there_are_nothing_changes(self):
        kinds = {kind: own | {"models_per_job": len(own["models"])} for kind, own in KINDS.items()}
        assert not changed(fits_of(), fits_of(kinds=kinds))


class TestOnMagnetograms:
    @staticmethod
    def index():
        """An index whose data sets have magnetograms."""
        index = copy.deepcopy(INDEX)
        for name, entry in index["datasets"].items():
            for seed, of_seed in entry["seeds"].items():
                of_seed["magnetograms"] = f"pixels of {name} {seed}"
        return index

    @staticmethod
    def fits(index):
        return fits_of(
            index,
            kinds=KINDS | {ON_MAGNETOGRAMS: {"models": ["cnn"], "seeds_per_job": 1}},
            models=MODELS | {"cnn": {"batch_size": 64}},
            code=CODE | {ON_MAGNETOGRAMS: "1" * 16},
            environments=ENVIRONMENTS | {ON_MAGNETOGRAMS: "2" * 16},
        )

    def test_what_they_are_made_from_tells_the_magnetograms_of_each_seed(self):
        fit = next(fit for fit in self.fits(self.index()) if fit.kind == ON_MAGNETOGRAMS)
        assert fit.made_from["magnetograms"] == {"0": "pixels of SHARP_ONLY 0"}
        assert fit.made_from["datasets"] == {"0": "0" * 16}

    def test_other_pixels_change_the_fits_on_them_alone(self):
        index = self.index()
        index["datasets"]["SHARP_ONLY"]["seeds"]["3"]["magnetograms"] = "mended"
        before, after = self.fits(self.index()), self.fits(index)
        assert changed(before, after) == {("SHARP_ONLY", ON_MAGNETOGRAMS, 3)}
        # Where keywords and labels are the same, so is the data set: one folder holds all fits on it.
        assert [fit.dataset_digest for fit in before] == [fit.dataset_digest for fit in after]

    def test_other_keywords_change_the_fits_on_pixels_too(self):
        index = self.index()
        index["datasets"]["SHARP_ONLY"]["seeds"]["3"]["digest"] = "f" * 16
        assert changed(self.fits(self.index()), self.fits(index)) == {
            ("SHARP_ONLY", "networks", 0),
            ("SHARP_ONLY", ON_MAGNETOGRAMS, 3),
            ("SHARP_ONLY", "baselines", 0),
        }

    def test_fits_on_keywords_are_those_of_an_archive_without_magnetograms(self):
        on_keywords = {fit.folder for fit in self.fits(self.index()) if fit.kind != ON_MAGNETOGRAMS}
        assert on_keywords == {fit.folder for fit in fits_of()}


class TestWhatChangesADigest:
    def test_a_setting_changes_the_fits_of_its_model(self):
        models = MODELS | {"lstm": {"hidden_size": 64, "max_epochs": 21}}
        assert changed(fits_of(), fits_of(models=models)) == NETWORKS
        assert changed(fits_of(), fits_of(models=MODELS | {"persistence": {"hours": 24}})) == BASELINES

    def test_a_setting_of_a_model_that_is_not_fitted_changes_nothing(self):
        assert not changed(fits_of(), fits_of(models=MODELS | {"oracle": {"wise": 2}}))

    def test_code_and_environment_change_the_fits_of_their_kind(self):
        assert changed(fits_of(), fits_of(code=CODE | {"networks": "e" * 16})) == NETWORKS
        assert changed(fits_of(), fits_of(environments=ENVIRONMENTS | {"baselines": "e" * 16})) == BASELINES

    def test_code_and_environment_are_not_the_same_thing(self):
        swapped = fits_of(
            code={"networks": "c" * 16, "baselines": "b" * 16}, environments=ENVIRONMENTS | {"networks": "a" * 16}
        )
        assert changed(fits_of(), swapped) == NETWORKS

    def test_a_data_set_changes_the_batches_that_hold_it(self):
        index = copy.deepcopy(INDEX)
        index["datasets"]["FUSED_SHARP"]["seeds"]["6"]["digest"] = "f" * 16
        assert changed(fits_of(), fits_of(index=index)) == {
            ("FUSED_SHARP", "networks", 5),
            ("FUSED_SHARP", "baselines", 0),
        }

    def test_the_models_digest_does_not_hang_on_the_data(self):
        index = copy.deepcopy(INDEX)
        index["datasets"]["FUSED_SHARP"]["seeds"]["6"]["digest"] = "f" * 16
        assert [fit.models_digest for fit in fits_of()] == [fit.models_digest for fit in fits_of(index=index)]

    def test_what_else_the_index_tells_changes_nothing(self):
        index = copy.deepcopy(INDEX)
        index["datasets"]["SHARP_ONLY"]["seeds"]["0"]["splits"] = {"train": {"positive": 1}}
        index["made"] = "yesterday"
        assert not changed(fits_of(), fits_of(index=index))

    def test_a_data_set_by_another_name_is_the_same_fit(self):
        index = {"datasets": {"RENAMED": INDEX["datasets"]["SHARP_ONLY"]}}
        renamed = [fit.folder for fit in fits_of(index=index)]
        assert renamed == [fit.folder for fit in fits_of() if fit.dataset == "SHARP_ONLY"]

    def test_the_store_is_a_place_and_no_content(self):
        elsewhere = fits_of(store="/shared/store")
        assert [fit.folder.removeprefix("/shared/store") for fit in elsewhere] == [
            fit.folder.removeprefix("results/store") for fit in fits_of()
        ]

    def test_another_number_of_seeds_a_job_is_another_batch(self):
        kinds = KINDS | {"networks": {"models": ["lstm"], "seeds_per_job": 4}}
        first, other = fits_of()[0], fits_of(kinds=kinds)[0]
        assert first.dataset_digest != other.dataset_digest
        assert first.models_digest == other.models_digest


class TestLookUp:
    def test_a_fit_is_found_by_its_digests_with_its_study(self):
        other = fits_of(models=MODELS | {"lstm": {"hidden_size": 8}})
        studies = {"sun2022": fits_of(), "other": other}
        for study, fits in studies.items():
            for fit in fits:
                digests = {"dataset_digest": fit.dataset_digest, "models_digest": fit.models_digest}
                found, stored = stored_fit(studies, kind=fit.kind, **digests)
                assert stored.folder == fit.folder
                # The baselines of both studies are the same fits: those of the first.
                assert found == ("sun2022" if fit.kind == "baselines" else study)

    @pytest.mark.parametrize(
        "changes", [{"dataset_digest": "0" * 16}, {"models_digest": "0" * 16}, {"kind": "baselines"}]
    )
    def test_a_made_up_digest_is_refused(self, changes):
        fit = fits_of()[0]
        wanted = {"kind": fit.kind, "dataset_digest": fit.dataset_digest, "models_digest": fit.models_digest} | changes
        with pytest.raises(
            InputError, match=rf"{wanted['models_digest']} on data set {wanted['dataset_digest']}: no study"
        ):
            stored_fit({"sun2022": fits_of()}, **wanted)

    def test_a_mixed_pair_of_digests_is_refused(self):
        # Both digests are known, but no fit has the two: a batch of the networks and the models of the baselines.
        network = fits_of()[0]
        baselines = next(fit for fit in fits_of() if fit.kind == "baselines")
        digests = {"dataset_digest": network.dataset_digest, "models_digest": baselines.models_digest}
        with pytest.raises(InputError, match="no study of this configuration"):
            stored_fit({"sun2022": fits_of()}, kind="baselines", **digests)

    def test_rows_for_people(self):
        rows = fit_rows(fits_of())
        assert all(tuple(row) == FIT_COLUMNS for row in rows)
        assert rows[3]["models"] == "climatology+persistence"
        assert rows[2]["seeds"] == "10 11"
        assert [row["path"] for row in rows] == [fit.folder for fit in fits_of()]


class TestCheckpointsUnderTheirDigests:
    made_from = fits_of()[0].made_from

    def test_its_own_digests_and_paths_outside_a_store_are_taken(self, tmp_path):
        check_stored(f"{fits_of()[0].folder}/checkpoint.safetensors", self.made_from)
        check_stored(tmp_path / "checkpoint.safetensors", self.made_from)

    @pytest.mark.parametrize("changed", ["datasets", "models", "code"])
    def test_another_content_is_refused(self, changed):
        other = self.made_from | {changed: {"0": "1" * 16}}
        with pytest.raises(InputError, match="wanted a fit under its own digests"):
            check_stored(f"{fits_of()[0].folder}/checkpoint.safetensors", other)
