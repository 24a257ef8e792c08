"""The words that the tasks are made of: kinds of things, proverbs without their last word, plain sentences."""

from __future__ import annotations

KINDS = {
    "bird": ("sparrow", "robin", "gull", "owl", "swan", "crow", "wren", "stork"),
    "fish": ("trout", "salmon", "cod", "pike", "herring", "carp", "tuna", "sardine"),
    "tree": ("oak", "birch", "willow", "beech", "maple", "poplar", "elm", "ash tree"),
    "tool": ("hammer", "saw", "chisel", "wrench", "drill", "file", "pair of pliers", "screwdriver"),
    "fruit": ("pear", "plum", "cherry", "peach", "grape", "fig", "mango", "quince"),
    "metal": ("piece of iron", "piece of tin", "piece of zinc", "piece of lead", "piece of nickel", "piece of brass"),
    "instrument": ("violin", "flute", "trumpet", "cello", "harp", "oboe", "piano", "guitar"),
    "vehicle": ("bus", "tram", "lorry", "bicycle", "van", "taxi", "tractor", "scooter"),
}
"""Things of one kind. No thing belongs to two kinds."""

PROVERBS = (
    ("Better late than", "never"),
    ("The early bird catches the", "worm"),
    ("All that glitters is not", "gold"),
    ("A stitch in time saves", "nine"),
    ("Actions speak louder than", "words"),
    ("Don't count your chickens before they", "hatch"),
    ("Every cloud has a silver", "lining"),
    ("Look before you", "leap"),
    ("Many hands make light", "work"),
    ("Necessity is the mother of", "invention"),
    ("Practice makes", "perfect"),
    ("Rome was not built in a", "day"),
    ("Still waters run", "deep"),
    ("The pen is mightier than the", "sword"),
    ("Too many cooks spoil the", "broth"),
    ("Two heads are better than", "one"),
    ("When in Rome, do as the Romans", "do"),
    ("You can't judge a book by its", "cover"),
    ("A rolling stone gathers no", "moss"),
    ("Absence makes the heart grow", "fonder"),
    ("Birds of a feather flock", "together"),
    ("Curiosity killed the", "cat"),
    ("Honesty is the best", "policy"),
    ("Laughter is the best", "medicine"),
    ("Out of sight, out of", "mind"),
    ("Where there is smoke, there is", "fire"),
    ("A friend in need is a friend", "indeed"),
    ("Fortune favours the", "brave"),
    ("Time and tide wait for no", "man"),
    ("An apple a day keeps the doctor", "away"),
)
"""Old proverbs, and the word that ends them."""

ENDINGS = ("window", "river", "silence", "market", "paper", "lamp", "garden", "winter", "music", "bread")
"""Words that end none of the proverbs."""

SENTENCES = (
    "The children played in the garden until it was dark.",
    "My brother bought a second bicycle for the summer.",
    "We waited at the station for almost an hour.",
    "She wrote a letter to her friend in the village.",
    "The farmer sold his apples at the market on Monday.",
    "They found a wallet under the kitchen table.",
    "Our teacher opened the window because it was warm.",
    "The train to the coast leaves every morning.",
    "He carried the basket across the wooden bridge.",
    "The doctor asked her to drink more water.",
    "A small river runs behind the old factory.",
    "The baker closes his shop early on Friday.",
    "Her parents planted three trees beside the house.",
    "The weather was cold when we reached the mountain.",
    "He forgot his umbrella in the library again.",
    "The singer thanked everyone before the concert.",
    "Their dog barked at the postman yesterday.",
    "We painted the bedroom yellow last winter.",
    "The captain counted the passengers twice.",
    "Nobody noticed the stranger near the entrance.",
)
"""Plain sentences, rightly spelt."""
