"""How examples are drawn here: a loaded machine makes no test fail, and nothing is kept between runs."""

from hypothesis import settings

settings.register_profile("relais", settings.get_profile("default"), deadline=None)
settings.load_profile("relais")
