"""Giving records: a provider of OAI-PMH 2.0 (http://www.openarchives.org/OAI/openarchivesprotocol.html).

    arguments   what was asked: pairs from the wire, checked by the rules of each verb
    datestamps  UTC dates in the two granularities
    tokens      resumption tokens: signed, stateless, with an end to their life
    records     what the provider needs of a catalogue, as protocols
    answers     the XML of every answer, joined from strings that were rendered at write time
    provider    arguments → answer, one small function a verb
    app         the one door to HTTP

Nothing here writes, and nothing here builds the XML of a record.
"""
