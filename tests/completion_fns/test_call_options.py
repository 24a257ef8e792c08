"""The options of a call, and those of equal calls found again."""

from evals.completion_fns.call_options import MOST_KNOWN, CallOptions


def test_equal_calls_get_the_same_options_with_those_of_the_constructor_on_top():
    options = CallOptions({"seed": 7, "stop": None}, {"top_p": 0.5})
    first = options.of({"temperature": 0.0, "stop": "x", "seed": 1})
    assert first == {"temperature": 0.0, "seed": 7, "top_p": 0.5}
    assert options.of({"temperature": 0.0, "stop": "x", "seed": 1}) is first


def test_whole_numbers_and_truth_values_are_told_apart_from_equal_floats():
    options = CallOptions()
    found = [options.of({"n": value})["n"] for value in (1, 1.0, True, 1)]
    assert list(map(type, found)) == [int, float, bool, int]


def test_options_that_may_change_are_read_anew_in_each_call():
    options, stops = CallOptions(), ["a"]
    assert options.of({"stop": stops}) == {"stop": ["a"]}
    stops.append("b")
    assert options.of({"stop": stops}) == {"stop": ["a", "b"]}


def test_calls_that_are_all_different_are_not_remembered_without_end():
    options = CallOptions()
    assert all(options.of({"seed": seed}) == {"seed": seed} for seed in range(2 * MOST_KNOWN))
    assert options.of({"seed": 0}) is options.of({"seed": 0})
    assert options.of({"seed": 2 * MOST_KNOWN - 1}) is not options.of({"seed": 2 * MOST_KNOWN - 1})
