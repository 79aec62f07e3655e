"""How well a reader of texts does on labelled ones: the corpus, its two parts, the measures, and the rules of others."""
