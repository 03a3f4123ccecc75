from hypothesis import settings

# A busy machine makes any example slow now and then; pytest's own timeout is the limit.
settings.register_profile("ganbench", deadline=None)
settings.load_profile("ganbench")
