import {_t} from "@web/core/l10n/translation";
import {registerMessageAction} from "@mail/core/common/message_actions";
import {toRaw} from "@odoo/owl";
import {user} from "@web/core/user";

const CLIENT_MODELS = ["crm.lead", "res.partner"];
// Known before a message is shown: its menu cannot wait for an answer.
let sells = false;
user.hasGroup("sales_team.group_sale_salesman").then((answer) => {
    sells = answer;
});

/** A client is whoever is not a colleague. */
function isFromClient(message) {
    return Boolean(message.author_id) && message.author_id.main_user_id?.share !== false;
}

registerMessageAction("log-contact", {
    condition: ({message, thread}) =>
        sells && CLIENT_MODELS.includes(thread?.model) && isFromClient(message),
    icon: "fa fa-phone",
    name: _t("Log as Contact"),
    onSelected: async ({message: reactiveMessage, store}) => {
        const {action, orm} = store.env.services;
        const message = toRaw(reactiveMessage);
        const entry = await orm.call("mail.message", "action_log_contact", [[message.id]]);
        await action.doAction(entry);
    },
    sequence: 65,
});
