import pytest

from scheduler.territory.names import fold_name, without_article


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Vert-Saint-Denis", "vert saint denis"),
        ("St-Étienne", "saint etienne"),
        ("Ste Foy", "sainte foy"),
        ("Brest", "brest"),
        ("L’Haÿ-les-Roses", "l hay les roses"),
        ("Château-Chinon (Ville)", "chateau chinon ville"),
        ("ŒTING", "oeting"),
        ("Re\u0301au", "reau"),
        ("  ", ""),
        ("Москва", ""),
    ],
)
def test_folded(name, folded):
    assert fold_name(name) == folded


def test_many_lines_are_folded_as_each_alone():
    names = ["St-Denis", "", "L'Aigle", "Estampes", "Ste-Foy-St-Sulpice", "Y"]
    assert fold_name("\n".join(names)).split("\n") == [fold_name(name) for name in names]


def test_folding_twice_changes_nothing():
    for name in ("St-Denis", "L'Haÿ-les-Roses", "Œting"):
        assert fold_name(fold_name(name)) == fold_name(name)


@pytest.mark.parametrize(
    ("folded", "bare"), [("le mans", "mans"), ("l aigle", "aigle"), ("lens", "lens"), ("la", "la")]
)
def test_leading_article_is_dropped(folded, bare):
    assert without_article(folded) == bare
