import {_t} from "@web/core/l10n/translation";
import {registerMessageAction} from "@mail/core/common/message_actions";
import {session} from "@web/session";
import {toRaw} from "@odoo/owl";

const CLIENT_MODELS = ["crm.lead", "res.partner"];

/** A client is whoever is neither a colleague nor the system: who mails to a lead may be unknown. */
function isFromClient(message, store, thread) {
    const author = message.author_id;
    if (!author) {
        return thread.model === "crm.lead" && message.message_type === "email";
    }
    return !author.eq(store.odoobot) && author.main_user_id?.share !== false;
}

registerMessageAction("log-contact", {
    condition: ({message, store, thread}) =>
        Boolean(session.can_log_contacts) &&
        CLIENT_MODELS.includes(thread?.model) &&
        isFromClient(message, store, thread),
    icon: "fa fa-commenting-o",
    name: _t("Log as Contact"),
    onSelected: async ({message: reactiveMessage, store}) => {
        const {action, orm} = store.env.services;
        const message = toRaw(reactiveMessage);
        const entry = await orm.call("mail.message", "action_log_contact", [[message.id]]);
        await action.doAction(entry);
    },
    sequence: 73,
});
