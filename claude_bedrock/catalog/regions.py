"""The Regions that each kind of inference profile reaches, by the Region the call starts from.

Where a source is less than exact, the longer list stands here. In a policy that is safe: AWS alone
decides where a profile routes, and each model is opened only to calls through its own profile.
As a statement about residency it errs on the side of naming too much.
Tables of the 4.5 to 4.8 models:
https://docs.aws.amazon.com/bedrock/latest/userguide/model-cards.html
Later and earlier ones:
https://github.com/aws-solutions-library-samples/guidance-for-claude-code-with-amazon-bedrock
"""

from typing import Final

from claude_bedrock.catalog.model import Profile, Regions

_US_CORE: Final = ("us-east-1", "us-east-2", "us-west-2")
_US_AND_CANADA: Final = (*_US_CORE, "ca-central-1", "ca-west-1")
_US_EVERYWHERE: Final = (*_US_CORE, "us-west-1", "ca-central-1", "ca-west-1")
_EU_CORE: Final = (
    "eu-central-1",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-3",
)
_EU_AND_ZURICH: Final = (*_EU_CORE, "eu-central-2")
_JAPAN: Final = ("ap-northeast-1", "ap-northeast-3")
_AUSTRALIA: Final = ("ap-southeast-2", "ap-southeast-4")
_APAC: Final = (
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
)


def _each_reaches(sources: tuple[str, ...], destinations: tuple[str, ...]) -> Regions:
    return dict.fromkeys(sources, destinations)


GLOBAL: Final = Profile("global", {})
US_THREE: Final = Profile("us", _each_reaches(_US_CORE, _US_CORE))
US_OF_4_5: Final = Profile(
    "us",
    {
        **_each_reaches(_US_CORE, _US_CORE),
        "us-west-1": (*_US_CORE, "us-west-1"),
        "ca-central-1": (*_US_CORE, "ca-central-1"),
    },
)
US_OF_4_6: Final = Profile("us", {**US_OF_4_5.regions, "ca-west-1": (*_US_CORE, "ca-west-1")})
US_AND_CANADA: Final = Profile(
    "us", {**_each_reaches(_US_AND_CANADA, _US_AND_CANADA), "us-west-1": _US_EVERYWHERE}
)
US_EVERYWHERE: Final = Profile("us", _each_reaches(_US_EVERYWHERE, _US_EVERYWHERE))
EU_SIX: Final = Profile("eu", _each_reaches(_EU_CORE, _EU_CORE))
EU_WITH_ZURICH: Final = Profile("eu", _each_reaches(_EU_AND_ZURICH, _EU_AND_ZURICH))
EU_OF_4_5: Final = Profile(
    "eu",
    {
        **_each_reaches(_EU_CORE, _EU_CORE),
        "eu-central-2": (*_EU_CORE, "eu-central-2"),
        "eu-west-2": (*_EU_CORE, "eu-west-2"),
    },
)
EU_OF_3_7: Final = Profile(
    "eu",
    _each_reaches(
        ("eu-north-1", "eu-west-1", "eu-west-3"),
        ("eu-central-1", "eu-north-1", "eu-west-1", "eu-west-3"),
    ),
)
JP: Final = Profile("jp", _each_reaches(_JAPAN, _JAPAN))
AU: Final = Profile("au", _each_reaches(_AUSTRALIA, _AUSTRALIA))
AU_OF_4_5: Final = Profile(
    "au",
    {
        **_each_reaches(_AUSTRALIA, _AUSTRALIA),
        "ap-southeast-6": (*_AUSTRALIA, "ap-southeast-6"),
    },
)
APAC: Final = Profile("apac", _each_reaches(_APAC, (*_APAC, "ap-southeast-4")))
