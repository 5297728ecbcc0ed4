"""Kinds of personal data: their category, and the words of a column name that announce them."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final, Literal

Category = Literal["direct identifier", "quasi-identifier", "special category"]

CATEGORIES: Final[Mapping[str, Category]] = {
    **dict.fromkeys(
        (
            "BANK_ACCOUNT",
            "CREDIT_CARD",
            "CRYPTO_ADDRESS",
            "DATE_OF_BIRTH",
            "DRIVER_LICENSE",
            "EMAIL_ADDRESS",
            "IBAN",
            "IP_ADDRESS",
            "MAC_ADDRESS",
            "MEDICAL_LICENSE",
            "NATIONAL_ID",
            "PASSPORT",
            "PASSWORD",
            "PERSON",
            "PHONE_NUMBER",
            "STREET_ADDRESS",
            "URL_WITH_USER",
            "USERNAME",
            "US_SSN",
        ),
        "direct identifier",
    ),
    **dict.fromkeys(
        ("AGE", "COORDINATES", "GENDER", "LOCATION", "MARITAL_STATUS", "NATIONALITY"),
        "quasi-identifier",
    ),
    **dict.fromkeys(
        (
            "BIOMETRIC_OR_GENETIC",
            "ETHNICITY",
            "HEALTH",
            "POLITICAL_OPINION",
            "RELIGION",
            "SEXUAL_ORIENTATION",
            "UNION_MEMBERSHIP",
        ),
        "special category",
    ),
}
"""Every entity type with its category: what names a person, what helps to single one out, what GDPR article 9 lists."""

_HEADER_WORDS: Final[Mapping[str, str]] = {
    "EMAIL_ADDRESS": "email mail emailaddress mailadresse courriel correo",
    "PHONE_NUMBER": "phone phonenumber telephone telephonenumber mobile cellphone fax tel telefon telefonnummer handy "
    "mobilnummer telefono telefone celular movil telefoon numertelefonu",
    "DATE_OF_BIRTH": "dob birthday birthdate dateofbirth birthdt geburtsdatum geburtstag datedenaissance naissance "
    "fechadenacimiento nacimiento datadinascita nascita datadenascimento nascimento geboortedatum dataurodzenia",
    "STREET_ADDRESS": "address street streetaddress homeaddress addr adresse anschrift strasse hausnummer rue "
    "direccion calle domicilio indirizzo via endereco rua morada logradouro adres straat ulica",
    "PASSWORD": "password passwd pwd passwort kennwort motdepasse contrasena senha wachtwoord haslo",
    "USERNAME": "username login loginname handle twitter screenname nickname benutzername usuario utilisateur "
    "utente gebruikersnaam",
    "NATIONAL_ID": "nationalid nationalidnumber nin nino idcard personalausweis ausweisnummer steuerid "
    "sozialversicherungsnummer svnr insee nir dni nif nie codicefiscale cpf cartaocidadao bsn pesel dowod aadhaar "
    "itin taxid taxpayerid nhs nhsnumber personnummer",
    "US_SSN": "ssn socialsecurity socialsecuritynumber socialsecurityno",
    "PASSPORT": "passport passportnumber passportno reisepass passeport pasaporte passaporto passaporte paspoort "
    "paszport",
    "DRIVER_LICENSE": "driverlicense driverslicense driverlicence driverslicence drivinglicence drivinglicense "
    "licensenumber fuehrerschein permisdeconduire",
    "BANK_ACCOUNT": "bankaccount bankaccountnumber accountnumber acctnumber kontonummer cuentabancaria rekeningnummer",
    "IBAN": "iban",
    "CREDIT_CARD": "creditcard creditcardnumber cardnumber ccnumber ccnum pan kreditkarte cartebancaire tarjeta",
    "MEDICAL_LICENSE": "medicallicense deanumber dea npi",
    "IP_ADDRESS": "ip ipaddress ipaddr ipv4 ipv6 hostip clientip",
    "MAC_ADDRESS": "macaddress macaddr",
    "CRYPTO_ADDRESS": "bitcoin btc wallet walletaddress",
    "AGE": "age ageyears alter idade edad eta leeftijd wiek",
    "GENDER": "gender sex geschlecht sexe sexo sesso genero geslacht plec",
    "MARITAL_STATUS": "marital maritalstatus civilstatus familienstand estadocivil statocivile etatcivil",
    "NATIONALITY": "nationality citizenship staatsangehoerigkeit staatsbuergerschaft nationalite nacionalidad "
    "cittadinanza nationaliteit obywatelstwo",
    "LOCATION": "city town zip zipcode postal postalcode postcode county neighborhood neighbourhood province state "
    "country region birthplace plz "
    "postleitzahl wohnort stadt ville codepostal ciudad municipio codigopostal citta cap cidade cep bairro woonplaats "
    "gemeente miasto kodpocztowy hometown",
    "COORDINATES": "latitude longitude lat lon lng geolocation coordinates gps breitengrad laengengrad latitud "
    "longitud",
    "ETHNICITY": "race ethnicity ethnic raceethnicity ethnie ethnizitaet etnia raza raca",
    "RELIGION": "religion religious faith konfession confession religiao godsdienst wyznanie",
    "HEALTH": "diagnosis diagnoses disease illness medication medications prescription disability disabled icd icd9 "
    "icd10 allergy allergies hiv pregnant pregnancy bloodtype bloodgroup symptom symptoms comorbidity diagnose "
    "krankheit behinderung maladie enfermedad diagnostico malattia doenca ziekte choroba",
    "SEXUAL_ORIENTATION": "sexualorientation sexuality sexuelleorientierung orientationsexuelle",
    "POLITICAL_OPINION": "politicalparty politicalopinion politicalaffiliation partyaffiliation partei partipolitique",
    "UNION_MEMBERSHIP": "unionmember unionmembership tradeunion gewerkschaft syndicat sindicato",
    "BIOMETRIC_OR_GENETIC": "fingerprint biometric faceembedding voiceprint genome genotype dna",
}
_ENTITY_OF_WORD: Final = {word: entity for entity, words in _HEADER_WORDS.items() for word in words.split()}
_PERSON_WORDS: Final = frozenset(
    "firstname lastname fullname surname forename givenname familyname middlename maidenname mothersmaiden nickname "
    "legalname "
    "personname customername clientname employeename patientname contactname accountholder cardholder vorname nachname "
    "zuname familienname geburtsname prenom nom nomdefamille apellido apellidos nombre nombres cognome nominativo "
    "sobrenome nomecompleto voornaam achternaam imie nazwisko holdername applicantname studentname "
    "borrowername insuredname".split()
)
_NAME_WORDS: Final = frozenset(("name", "names", "naam", "nome"))
_NOT_PERSONS: Final = frozenset(
    "product company file city country state team item brand store column model school category species event "
    "organisation organization org business firm host domain field table class group project region county street "
    "district department job title album track song movie film book game server device package feature variable "
    "process plan campaign station airport hotel restaurant drug test vendor merchant bank label tag common "
    "scientific program programme id number no count type status code date flag amount rate score age".split()
)
_ROLES: Final = frozenset(
    "person people customer client employee patient contact author coauthor player guest student applicant borrower "
    "owner "
    "member passenger candidate director actor actress performer judge president subject spouse mother father scorer "
    "inventor teacher doctor physician witness kunde mitarbeiter auteur autor autore cliente".split()
)
_PART_OF_NAME: Final = frozenset((("first",), ("last",)))
LONGEST_ROLE: Final = 3
"""Most words of a header that is read as a role: `lead actor actress`."""
_PIECES: Final = re.compile(r"[^\W\d_]+|\d+")
_CASE_CHANGE: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def header_words(name: str) -> tuple[str, ...]:
    """Split a column name into lower-case words without accents: `dateOfBirth` to date, of, birth."""
    plain = name.replace("ß", "ss").replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    plain = "".join(mark for mark in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(mark))
    return tuple(piece.lower() for piece in _PIECES.findall(_CASE_CHANGE.sub(" ", plain)))


def is_vague_name(name: str) -> bool:
    """Say whether a header speaks of a name or a role without saying that it is a person's name."""
    words = header_words(name)
    return not _runs(words) & _PERSON_WORDS and words not in _PART_OF_NAME


def announced(name: str) -> frozenset[str]:
    """Give the entity types that a column's name announces; several where it is ambiguous."""
    words = header_words(name)
    joined = _runs(words)
    found = {_ENTITY_OF_WORD[run] for run in joined if run in _ENTITY_OF_WORD}
    if found & {"EMAIL_ADDRESS", "IP_ADDRESS", "MAC_ADDRESS", "CRYPTO_ADDRESS"}:
        found -= {"STREET_ADDRESS"}
    return frozenset(found | ({"PERSON"} if _announces_person(words, joined, alone=not found) else set()))


def _runs(words: tuple[str, ...]) -> frozenset[str]:
    """Join up to four neighbouring words: date, of, birth also gives `dateofbirth`."""
    return frozenset(
        "".join(words[start:stop])
        for start in range(len(words))
        for stop in range(start + 1, min(start + 4, len(words)) + 1)
    )


def _announces_person(words: tuple[str, ...], joined: frozenset[str], *, alone: bool) -> bool:
    if set(words) & _NOT_PERSONS:
        return False
    if joined & _PERSON_WORDS or words in _PART_OF_NAME:
        return True
    return alone and (bool(set(words) & _NAME_WORDS) or names_a_role(words))


def names_a_role(words: tuple[str, ...]) -> bool:
    """Say whether a header's words call a role that a person has: `lead actor`, `judge 2`."""
    spoken = [word.rstrip("s") for word in words if not word.isdigit()]
    return len(spoken) <= LONGEST_ROLE and bool(set(spoken) & _ROLES)
