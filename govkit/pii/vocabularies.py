"""Values that tell a category by themselves, whatever their column is called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from govkit.pii.words import plain

MOST_CODES: Final = 200
"""Most distinct values of a column that may be words of a category."""

_WORDS: Final[Mapping[str, str]] = {
    "GENDER": "male,female,man,woman,men,women,non-binary,nonbinary,mannlich,weiblich,divers,homme,femme,masculin,"
    "feminin,hombre,mujer,masculino,femenino,maschio,femmina,maschile,femminile,feminino,man,vrouw,mezczyzna,"
    "kobieta,男,女,男性,女性,мужской,женский,transgender",
    "ETHNICITY": "white,black,hispanic,latino,asian,african-american,african american,caucasian,native american,"
    "hispanic/latino,asian-pac-islander,amer-indian-eskimo,pacific islander,black or african american,multiracial,"
    "american indian,alaska native,native hawaiian,mixed race,white british,middle eastern,branca,preta,parda,indigena",
    "RELIGION": "christian,christianity,catholic,roman catholic,protestant,orthodox,muslim,islam,jewish,judaism,hindu,"
    "hinduism,buddhist,buddhism,sikh,sikhism,atheist,agnostic,katholisch,evangelisch,muslimisch,judisch,konfessionslos,"
    "catholique,musulman,juif,catolico,musulmano,ebreo,cattolico,katolik,mormon,lutheran,baptist,methodist",
    "MARITAL_STATUS": "married,single,divorced,widowed,separated,never-married,married-civ-spouse,ledig,verheiratet,"
    "geschieden,verwitwet,celibataire,marie,mariee,divorce,divorcee,veuf,veuve,soltero,soltera,casado,casada,"
    "divorciado,viudo,celibe,nubile,coniugato,sposato,solteiro,gehuwd,ongehuwd,gescheiden,zonaty,zamezna,"
    "rozwiedziony",
    "HEALTH": "diabetes,hypertension,asthma,cancer,depression,hiv,arthritis,obesity,influenza,pneumonia,copd,"
    "stroke,tuberculosis,hepatitis,epilepsy,migraine,anxiety,dementia,parkinson,alzheimer,schizophrenia,"
    "bronchitis,anemia,covid-19,a+,a-,b+,b-,ab+,ab-,o+,o-,aspirin,ibuprofen,paracetamol,penicillin,metformin,"
    "insulin,lipitor,diabetes mellitus",
    "SEXUAL_ORIENTATION": "heterosexual,homosexual,bisexual,gay,lesbian,asexual,straight,heterosexuell,queer",
    "POLITICAL_OPINION": "cdu,csu,spd,afd,fdp,labour,tory,lib dem,democrat,republican,libertarian,conservative party,"
    "left-wing,right-wing,socialist,communist,liberal democrat,pvda,vvd,psoe,partido popular,podemos,vox",
    "UNION_MEMBERSHIP": "ver.di,verdi,ig metall,unison,unite the union,teamsters,seiu,afscme,cgt,cfdt,fnv,union member,"
    "non-union",
}
_VOCABULARIES: Final = {entity: frozenset(words.split(",")) for entity, words in _WORDS.items()}
_NEVER_ALONE: Final = frozenset(("POLITICAL_OPINION",))
"""Parties stand in many public tables that are about no private person; their column's name must say more."""


@dataclass(frozen=True)
class Known:
    """A category whose words make up at least half of a column's values."""

    entity: str
    share: float


def vocabulary_of(values: Sequence[str]) -> Known | None:
    """Give the category whose words the values are; at least two different ones."""
    if not 1 < len(values) <= MOST_CODES:
        return None
    held = {plain(value) for value in values if len(value) <= 40}  # noqa: PLR2004 - no word is longer
    for entity, words in _VOCABULARIES.items():
        known = held & words
        if len(known) > 1 and 2 * len(known) >= len(held) and entity not in _NEVER_ALONE:
            return Known(entity, len(known) / len(held))
    return None
