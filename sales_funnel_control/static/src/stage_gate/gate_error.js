import {patch} from "@web/core/utils/patch";
import {registry} from "@web/core/registry";
import {RPCError} from "@web/core/network/rpc";
import {StatusBarField} from "@web/views/fields/statusbar/statusbar_field";
import {UncaughtPromiseError} from "@web/core/errors/error_service";

/** What the server says of a gate that stays closed, if that is the error. */
export function gateOf(error) {
    const gate = error instanceof RPCError && error.data?.context?.gate;
    // A new deal that is not saved has no form to fill but its own.
    return gate && gate.lead_ids.length && gate.stage_id ? gate : null;
}

/** A move that fails at a gate opens the dialog to fill in what is missing. */
export function gateErrorHandler(env, error, originalError) {
    const gate = error instanceof UncaughtPromiseError && gateOf(originalError);
    if (!gate) {
        return false;
    }
    error.unhandledRejectionEvent.preventDefault();
    openGate(env, gate, originalError);
    return true;
}

async function openGate(env, gate, error) {
    const {action, notification, orm} = env.services;
    let dialog = null;
    try {
        dialog = await orm.call("crm.stage.gate.pass", "open_for", [
            gate.lead_ids,
            gate.stage_id,
            gate.written,
        ]);
    } catch {
        // Deals that were never saved, for one: say at least what is missing.
        notification.add(error.data.message, {type: "danger", sticky: true});
        return;
    }
    await action.doAction(dialog, {
        onClose: (infos) => infos?.moved && action.doAction("soft_reload"),
    });
}

registry.category("error_handlers").add("stageGate", gateErrorHandler, {sequence: 90});

patch(StatusBarField.prototype, {
    /** A deal that stays where it is shows its own stage, not the one it could not enter. */
    async selectItem() {
        const {record} = this.props;
        const wasDirty = record.dirty;
        try {
            return await super.selectItem(...arguments);
        } catch (error) {
            if (gateOf(error) && !wasDirty) {
                await record.discard();
            }
            throw error;
        }
    },
});
