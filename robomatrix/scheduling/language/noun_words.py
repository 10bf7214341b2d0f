"""Words that noun phrases are made of besides attributes and nouns."""

from __future__ import annotations

from robomatrix.scheduling.language.text import word_set

ARTICLES = word_set(
    "the a an my your his her our their its this that these those some any another every each all both either only "
    "just same of few several many more one"
)
SELECTORS = word_set(
    "left right leftmost rightmost middle nearest closest near nearer closer farthest furthest far farther further "
    "other others remaining rest "
    "same matching corresponding respective appropriate opposite next previous first second third fourth fifth last "
    "frontmost backmost rearmost "
    "bottom upper lower lefthand righthand central center centre correct proper own original usual different separate"
)
COLLECTIVES = word_set(
    "pile stack bunch set group lot number bit kind type sort slice pair couple piece heap row collection handful few"
)
AMOUNTS = word_set("all both each any some one most half none either many several few everything rest remainder")
POSSESSIVES = word_set("my your his her our their its this these those")
PACKAGES = word_set("box packet pack package bag bottle jar tube container can carton tub tin")
VESSELS = word_set("glass cup mug bottle can carton jug jar")
