import pytest

from scheduler.demo.chance import drawn, shares, stream, weighted_sample


def test_streams_are_reproducible_and_apart():
    assert stream(1, "a").random() == stream(1, "a").random()
    assert stream(1, "a").random() != stream(1, "b").random()
    assert stream(1, "a").random() != stream(2, "a").random()


def test_drawn_follows_the_weights():
    rng = stream(1, "drawn")
    counts = [drawn(rng, {"often": 0.9, "never": 0.0, "rarely": 0.1}) for _ in range(2000)]
    assert counts.count("never") == 0
    assert 1700 < counts.count("often") < 1900


def test_sample_has_the_asked_size_without_repetition_and_prefers_the_heavy():
    heavy = 0
    for turn in range(200):
        sample = weighted_sample(stream(turn, "sample"), "abcdef", [50, 1, 1, 1, 1, 1], 2)
        assert len(set(sample)) == 2
        heavy += "a" in sample
    assert heavy > 180


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (10, [1, 1], [5, 5]),
        (3, [1, 1], [2, 1]),
        (40, [9, 1, 0], [36, 4, 0]),
        (0, [1, 2], [0, 0]),
        (7, [2, 2, 3], [2, 2, 3]),
    ],
)
def test_shares_add_up(total, weights, parts):
    assert shares(total, weights) == parts
