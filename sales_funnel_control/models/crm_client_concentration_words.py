from odoo import models
from odoo.tools.misc import format_amount, formatLang

from ..tools import concentration

# The windows that the present one is compared with, in months before it.
_YEAR = 12
_QUARTER = 3
# A change smaller than this share of the index is none worth a word.
_NOTABLE = 0.05


class CrmClientConcentration(models.AbstractModel):
    """What the concentration of revenue means, in plain words."""

    _inherit = "crm.client.concentration"

    def _money(self, amount, company):
        return format_amount(self.env, amount, company.currency_id, trailing_zeroes=False)

    def _percent(self, value):
        return self.env._("%(value)s %%", value=formatLang(self.env, value, digits=1))

    def _level_text(self, level):
        return {
            concentration.SPREAD: self.env._("Well spread"),
            concentration.MODERATE: self.env._("Moderately concentrated"),
            concentration.CONCENTRATED: self.env._("Highly concentrated"),
        }[level]

    def _words(self, found):
        """Sentences on the present window, the weightiest first."""
        now, amounts = found[0]
        largest = self.env["crm.client"].browse(next(iter(amounts))).partner_id.sudo()
        words = [
            self.env._(
                "If %(client)s leaves, %(share)s of the revenue leaves with it.",
                client=largest.display_name,
                share=self._percent(now.shares[1]),
            )
        ]
        if now.parts > concentration.TOPS[-1]:
            words.append(
                self.env._(
                    "The five largest of %(count)s clients bring %(five)s, the ten largest "
                    "%(ten)s.",
                    count=now.parts,
                    five=self._percent(now.shares[5]),
                    ten=self._percent(now.shares[10]),
                )
            )
        words.append(
            self.env._(
                "The revenue hangs on the clients as if there were %(effective)s of equal size.",
                effective=formatLang(self.env, now.effective, digits=1),
            )
        )
        changes = [
            self._change(now, found, _QUARTER, self.env._("a quarter ago")),
            self._change(now, found, _YEAR, self.env._("a year ago")),
        ]
        return words + [change for change in changes if change]

    def _change(self, now, found, months, when):
        """How the index moved since the same window months before."""
        before, _amounts = found.get(months, (None, {}))
        if not before:
            return ""
        figures = {
            "when": when,
            "before": formatLang(self.env, before.hhi, digits=0),
            "now": formatLang(self.env, now.hhi, digits=0),
        }
        if abs(now.hhi - before.hhi) < _NOTABLE * before.hhi:
            return self.env._(
                "About as concentrated as %(when)s: index %(before)s, now %(now)s.", **figures
            )
        if now.hhi > before.hhi:
            return self.env._(
                "More concentrated than %(when)s: index %(before)s, now %(now)s.", **figures
            )
        return self.env._("Better spread than %(when)s: index %(before)s, now %(now)s.", **figures)
