"""Names of the demo: family names are birds, plants and stars, so that nobody takes them for real people."""

PATIENT_NAMES = (
    "Alouette", "Aubépine", "Avocette", "Bergeronnette", "Bleuet", "Bouvreuil", "Bruant", "Bruyère",
    "Busard", "Capucine", "Chardonneret", "Chevêche", "Clématite", "Coquelicot", "Coucou", "Courlis",
    "Cyclamen", "Effraie", "Épervier", "Églantine", "Étourneau", "Fauvette", "Fougère", "Garance",
    "Geai", "Gentiane", "Giroflée", "Gobemouche", "Grive", "Guêpier", "Héron", "Hirondelle", "Huppe",
    "Iris", "Jacinthe", "Jonquille", "Lavande", "Linotte", "Loriot", "Lupin", "Martinet", "Mauve",
    "Merle", "Mésange", "Mimosa", "Muguet", "Myosotis", "Narcisse", "Nénuphar", "Orvet", "Outarde",
    "Passereau", "Pervenche", "Pinson", "Pivert", "Pivoine", "Pluvier", "Primevère", "Roitelet",
    "Rossignol", "Rougequeue", "Sarcelle", "Serin", "Sittelle", "Tarin", "Tourterelle", "Troglodyte",
    "Vanneau", "Verdier", "Véronique",
)  # fmt: skip
PRACTITIONER_NAMES = (
    "Achernar", "Acrux", "Aldébaran", "Algol", "Alhena", "Alioth", "Alkaid", "Alnilam", "Altaïr",
    "Ankaa", "Antarès", "Arcturus", "Atria", "Bellatrix", "Bételgeuse", "Canopus", "Capella", "Castor",
    "Deneb", "Denebola", "Dubhe", "Elnath", "Enif", "Fomalhaut", "Gacrux", "Hadar", "Izar", "Kochab",
    "Markab", "Menkar", "Merak", "Mimosa", "Mirach", "Mirzam", "Mizar", "Naos", "Pollux", "Procyon",
    "Régulus", "Rigel", "Sabik", "Saiph", "Scheat", "Shaula", "Sirius", "Spica", "Unuk", "Véga",
)  # fmt: skip
FEMALE_NAMES = (
    "Agathe", "Aïcha", "Aline", "Aminata", "Anaïs", "Bénédicte", "Camille", "Chloé", "Claire", "Denise",
    "Élise", "Fatou", "Fernanda", "Françoise", "Hélène", "Inès", "Jacqueline", "Jeanne", "Julie",
    "Kavitha", "Khadija", "Léa", "Leïla", "Lucie", "Manon", "Maria", "Marguerite", "Mireille", "Monique",
    "Nadia", "Nour", "Odette", "Rosa", "Salimata", "Simone", "Sophie", "Yasmine", "Zoé",
)  # fmt: skip
MALE_NAMES = (
    "Ahmed", "Alain", "André", "Antoine", "Bakary", "Bernard", "Bruno", "Carlos", "Cédric", "Denis",
    "Émile", "Félix", "Gabriel", "Georges", "Hugo", "Ibrahim", "Jacques", "João", "Karim", "Léo",
    "Louis", "Lucas", "Mamadou", "Marcel", "Mehdi", "Mehmet", "Michel", "Moussa", "Nathan", "Noé",
    "Olivier", "Paul", "Raymond", "René", "Robert", "Sami", "Selvan", "Théo", "Yanis",
)  # fmt: skip
STRUCTURE_NAMES = (
    "des Alouettes", "du Balory", "de la Forêt", "du Canal", "des Bords de Seine", "de l'Yerres",
    "des Grands Champs", "de la Plaine", "du Vieux Moulin", "des Tilleuls", "de la Grange", "du Lavoir",
    "de l'Orme", "des Blés d'Or", "du Colombier",
)  # fmt: skip
STREETS = (
    "rue de la Démonstration", "allée de l'Exemple", "place de la Fiction", "avenue de l'Essai",
    "chemin de l'Invention",
)  # fmt: skip
