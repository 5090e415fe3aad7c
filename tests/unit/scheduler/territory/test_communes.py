import gzip
import time
from importlib.resources import files

import pytest

from matching.errors import RelaisError
from scheduler.errors import InvalidInput
from scheduler.territory.communes import CommuneDirectory, CoordinatesFrom, communes
from scheduler.territory.errors import UnknownCommune


def codes(found):
    return [commune.insee for commune in found]


def test_insee_code_gives_the_commune():
    commune = communes().by_insee("77445")
    assert commune.name == "Savigny-le-Temple"
    assert commune.postcodes == ("77176",)
    assert commune.population == 31148
    assert commune.department == "77"
    assert not commune.approximate


@pytest.mark.parametrize("code", [" 77445 ", "77445\n"])
def test_blanks_around_a_code_do_not_matter(code):
    assert communes().by_insee(code).insee == "77445"


def test_corsican_code_in_lower_case():
    assert communes().by_insee("2a004").name == "Ajaccio"
    assert communes().by_insee("2A004").department == "2A"


def test_leading_zero_lost_by_a_spreadsheet_is_put_back():
    assert communes().by_insee("1001").insee == "01001"
    assert codes(communes().by_postcode("1000")) == codes(communes().by_postcode("01000"))


def test_code_of_a_merged_commune_leads_to_the_present_one():
    assert communes().by_insee("69232").name == "Lyon"  # Saint-Rambert-l'Île-Barbe, merged in 1963
    assert communes().by_insee("74011").name == "Annecy"  # Annecy-le-Vieux, merged in 2017


def test_present_code_wins_over_a_former_one():
    directory = communes()
    for commune in directory:
        assert directory.by_insee(commune.insee) == commune


def test_a_postcode_given_as_insee_is_not_mistaken_for_a_code_from_before_1968():
    with pytest.raises(UnknownCommune) as caught:
        communes().by_insee("75015")  # was the code of Bry-sur-Marne, is a postcode of Paris
    assert caught.value.suggestions == ("Paris 15e Arrondissement (75115)",)


def test_unknown_code_says_what_to_give():
    with pytest.raises(UnknownCommune) as caught:
        communes().by_insee("99999")
    assert caught.value.code == "unknown_commune"
    assert caught.value.suggestions == ()
    assert isinstance(caught.value, RelaisError)
    assert isinstance(caught.value, InvalidInput)
    assert "code INSEE" in str(caught.value)


def test_name_given_as_code_is_answered_with_suggestions():
    with pytest.raises(UnknownCommune, match=r"Vouliez-vous dire : Savigny-le-Temple \(77445\)"):
        communes().by_insee("savigny le temple")


def test_postcode_of_several_communes_gives_all_the_most_populated_first():
    found = communes().by_postcode("77550")
    assert codes(found)[:2] == ["77296", "77384"]  # Moissy-Cramayel, Réau
    assert [c.population for c in found] == sorted((c.population for c in found), reverse=True)


def test_unknown_postcode_gives_nothing():
    assert communes().by_postcode("99999") == ()


@pytest.mark.parametrize(
    ("postcode", "name"),
    [
        ("75015", "Paris 15e Arrondissement"),
        ("75116", "Paris 16e Arrondissement"),
        ("69001", "Lyon 1er Arrondissement"),
        ("13016", "Marseille 16e Arrondissement"),
    ],
)
def test_postcode_of_an_arrondissement_gives_it_and_not_the_city(postcode, name):
    assert [commune.name for commune in communes().by_postcode(postcode)] == [name]


def test_arrondissements_have_their_own_place_and_know_their_city():
    directory = communes()
    parts = [commune for commune in directory if commune.part_of == "75056"]
    assert len(parts) == 20
    assert len({(part.latitude, part.longitude) for part in parts}) == 20
    assert sum(part.population for part in parts) == directory.by_insee("75056").population


@pytest.mark.parametrize("text", ["Réau", "reau", "RÉAU", "Re\u0301au", "  réau  "])
def test_accents_and_case_do_not_matter(text):
    assert communes().search(text)[0].insee == "77384"


@pytest.mark.parametrize(
    ("text", "insee"),
    [
        ("vert saint denis", "77495"),
        ("VERT-ST-DENIS", "77495"),
        ("l'hay les roses", "94038"),
        ("L’Haÿ-les-Roses", "94038"),
        ("ste genevieve des bois", "91549"),
        ("moissy", "77296"),
        ("oeting", "57521"),
        ("Œting", "57521"),
    ],
)
def test_hyphens_apostrophes_ligatures_and_saint(text, insee):
    assert communes().search(text)[0].insee == insee


def test_homonyms_are_all_given_the_most_populated_first():
    found = communes().search("Saint-Denis")
    exact = [commune for commune in found if commune.name == "Saint-Denis"]
    assert codes(exact)[:2] == ["97411", "93066"]
    assert found[: len(exact)] == tuple(exact)


def test_beginning_of_the_name_comes_before_beginning_of_another_word():
    found = communes().search("cesson")
    assert codes(found)[:2] == ["77067", "35051"]  # Cesson, Cesson-Sévigné
    assert found[2:] == tuple(c for c in found[2:] if not c.name.startswith("Cesson"))


def test_words_in_the_middle_may_be_left_out():
    assert codes(communes().search("savigny temple")) == ["77445"]


def test_article_may_be_left_out():
    assert "98817" in codes(communes().search("mont dore"))  # Le Mont-Dore


def test_name_of_a_merged_commune_is_found():
    assert codes(communes().search("Annecy-le-Vieux")) == ["74010"]


def test_codes_work_in_the_search_field():
    assert codes(communes().search("77384")) == ["77384"]
    assert codes(communes().search("77550", limit=2)) == ["77296", "77384"]


def test_text_that_is_both_postcode_and_code_gives_both():
    assert {"77445", "77176"} <= set(codes(communes().search("77176")))  # Savigny's postcode, Faremoutiers


@pytest.mark.parametrize("text", ["", "   ", "-'", "zzzzqqq", "%", "\n", "saint\ndenis"])
def test_nothing_found_is_an_empty_answer(text):
    assert communes().search(text) == ()


def test_limit_is_kept():
    assert len(communes().search("saint", limit=3)) == 3
    assert len(communes().search("saint")) == 10


def test_table_is_read_once():
    assert communes() is communes()


def test_loading_and_looking_up_is_fast():
    packed = files("scheduler.territory").joinpath("data", "communes.csv.gz").read_bytes()
    start_s = time.thread_time()  # of the processor: others may keep it busy
    directory = CommuneDirectory(gzip.decompress(packed).decode())
    directory.by_insee("77445")
    directory.search("savigny")
    assert time.thread_time() - start_s < 1.0  # 0.15 s on an idle machine


def test_sources_of_coordinates_are_told():
    directory = communes()
    assert directory.by_insee("77445").coordinates_from is CoordinatesFrom.GEONAMES
    somewhere = next(c for c in directory if c.coordinates_from is CoordinatesFrom.POSTCODE)
    assert somewhere.approximate


@pytest.mark.parametrize("nothing", ["", "  "])
def test_an_empty_code_is_no_commune(nothing: str) -> None:
    with pytest.raises(UnknownCommune):
        communes().by_insee(nothing)
