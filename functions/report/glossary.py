"""Words that need a sentence, for readers of the page."""

WORDS = {
    "high risk": "A customer whose probability of leaving is at or above the line that your company has set: from there on looking after them is worth it.",
    "money at risk": "Probability of leaving times expected value, added up: what leaving costs on average if nobody does anything.",
    "value": "What a customer is expected to bring within the period that is looked at, in the currency that is named.",
    "worth keeping": "Of the half of customers that is worth more.",
    "use of the product": "Modules used in the last 30 days, each with its weight. Broad, partial and narrow are thirds of all customers.",
    "points": "Percentage points: how much of the probability of leaving is added or taken away by one thing.",
    "champion user": "The customer of a company who is worth most; of several the one who uses most of the product.",
    "persona": "A kind of user: customers who behave alike, found by the data and not by a rule.",
    "pseudonym": "A name that stands for a person and that nobody can turn back without your company's key. `holdfast report --names` shows real names to those with the right.",
    "importance": "A feature's share of everything that moves scores up or down.",
    "usual": "The value that lies in the middle: half of all customers have less, half have more.",
    "lift": "How many times as many leave among those called risky as among everybody.",
    "calibration": "Whether probabilities can be taken at their word: of customers said to leave with 30 %, 30 in 100 do.",
    "drift": "Customers today look different from those that the model learnt from. A new model is then trained by itself.",
    "model": "The set of rules that a computer found in the past, by which it says today who is about to leave.",
}


def anchor(word: str) -> str:
    """Where in the page the word is explained."""
    return "word-" + word.replace(" ", "-")
