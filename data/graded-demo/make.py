"""Makes the demo of graders: questions, the answers of a made-up model, the verdicts of two made-up graders, labels.

The lenient grader calls wrong answers right when they are long; the strict one misses some right ones. Labels are those
of a made-up person for a third of the questions, drawn at random. Run it in this folder: python make.py
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

HERE = Path(__file__).parent
CAPITALS = {
    "Europe": "Austria Vienna Graz, Belgium Brussels Ghent, Bulgaria Sofia Varna, Croatia Zagreb Split, Denmark "
    "Copenhagen Aarhus, Estonia Tallinn Tartu, Finland Helsinki Turku, France Paris Lyon, Greece Athens "
    "Patras, Hungary Budapest Pecs, Iceland Reykjavik Akureyri, Ireland Dublin Cork, Italy Rome Milan, "
    "Latvia Riga Liepaja, Norway Oslo Bergen",
    "Asia": "Bangladesh Dhaka Khulna, Cambodia Phnom_Penh Battambang, China Beijing Shanghai, India New_Delhi "
    "Mumbai, Indonesia Jakarta Surabaya, Iran Tehran Tabriz, Iraq Baghdad Basra, Japan Tokyo Osaka, "
    "Jordan Amman Aqaba, Laos Vientiane Pakse, Lebanon Beirut Tripoli, Mongolia Ulaanbaatar Erdenet, "
    "Nepal Kathmandu Pokhara, Oman Muscat Salalah, Thailand Bangkok Phuket",
    "Africa": "Algeria Algiers Oran, Angola Luanda Lobito, Chad N'Djamena Moundou, Egypt Cairo Luxor, Eritrea "
    "Asmara Massawa, Ethiopia Addis_Ababa Gondar, Gabon Libreville Oyem, Ghana Accra Kumasi, Kenya "
    "Nairobi Mombasa, Libya Tripoli Benghazi, Mali Bamako Gao, Morocco Rabat Casablanca, Namibia Windhoek "
    "Swakopmund, Niger Niamey Agadez, Senegal Dakar Thies",
    "Americas": "Argentina Buenos_Aires Rosario, Bolivia Sucre Oruro, Brazil Brasilia Recife, Canada Ottawa Toronto, "
    "Chile Santiago Valparaiso, Colombia Bogota Cali, Cuba Havana Holguin, Ecuador Quito Cuenca, "
    "Guatemala Guatemala_City Antigua, Haiti Port-au-Prince Gonaives, Honduras Tegucigalpa Choluteca, "
    "Jamaica Kingston Negril, Mexico Mexico_City Puebla, Panama Panama_City Colon, Peru Lima Cusco",
}
QUESTIONS = (
    "What is the capital of {}?",
    "Which city is the capital of {}?",
    "Name the capital of {}.",
    "In which city does the government of {} sit?",
)
LONG = (
    " It has been the seat of government for a long time, and most ministries, the parliament and many museums are"
    " there, so visitors who want to understand the country usually begin their journey in this city."
)


def main() -> None:
    rng = Random(17)
    rows, said, lenient, strict, labels = [], [], [], [], []
    countries = [(region, one) for region, text in CAPITALS.items() for one in text.split(", ")]
    asked = [(question, *country) for question in QUESTIONS for country in countries]
    rng.shuffle(asked)
    for number, (question, region, text) in enumerate(asked):
        country, capital, other = (part.replace("_", " ") for part in text.split())
        sample_id = f"graded-demo.dev.{number}"
        is_right, is_long, declines = rng.random() < 0.7, rng.random() < 0.45, rng.random() < 0.08
        rows.append({"input": question.format(country), "ideal": capital, "category": region})
        answer = "I am not certain." if declines else f"The capital of {country} is {capital if is_right else other}."
        said.append({"sample_id": sample_id, "completion": answer + (LONG if is_long else "")})
        truth = "N" if declines else "R" if is_right else "W"
        kind = "R" if truth == "W" and is_long and rng.random() < 0.7 else truth
        lenient.append({"sample_id": sample_id, "completion": f"It is held against {capital}.\n{kind}"})
        hard = "W" if truth == "R" and rng.random() < 0.1 else truth
        unread = rng.random() < 0.05
        first = "I would have to look this up." if unread else f"Known: {capital}.\n{hard}"
        strict.append({"sample_id": sample_id, "completions": [first, hard]})
        labels.append({"id": sample_id, "label": truth})
    labelled = sorted(rng.sample(range(len(labels)), len(labels) // 3))
    write("samples", rows)
    write("answers", said)
    write("lenient", lenient)
    write("strict", strict)
    write("labels", [labels[number] for number in labelled])


def write(name: str, rows: list[dict[str, object]]) -> None:
    """Write rows as JSON lines."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (HERE / f"{name}.jsonl").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
