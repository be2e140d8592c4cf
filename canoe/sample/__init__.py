"""The sample collection of ``canoe demo``: written, typeset, printed and scanned by Canoe itself.

texts/*.toml → publications → typeset → scan ─┐
texts/records.toml → records ─────────────────┴→ build → a folder
"""
