"""Words of reports: sentences in each language, and how it writes numbers, money and days."""
