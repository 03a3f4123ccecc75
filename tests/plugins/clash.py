"""A second loss with a name that is taken."""

import ganbench


class Hinge:
    """Not the hinge loss."""

    name = "hinge"

    def discriminator_loss(self, ops, discriminator, real, fake):
        return ops.mean(discriminator(real))

    def generator_loss(self, ops, discriminator, real, fake):
        return ops.mean(discriminator(fake))


@ganbench.hookimpl
def ganbench_losses():
    return [Hinge]
