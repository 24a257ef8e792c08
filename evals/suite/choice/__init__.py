"""Multiple choice by letter or by likelihood: MMLU, ARC, HellaSwag, WinoGrande, TruthfulQA and the like."""
