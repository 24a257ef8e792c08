"""The templates of `CoTSolver`: the request to reason, and the request for the answer."""

DEFAULT_COT_TEMPLATE = (
    "Think this through step by step before you respond. (This turn is your private scratch pad: "
    "nobody reads or grades it; your response comes in the next turn.)"
)
DEFAULT_EXTRACT_ANSWER_TEMPLATE = (
    "Based on your reasoning above, give your response now, in the format that the instructions ask for:"
)
