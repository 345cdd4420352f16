import {registry} from "@web/core/registry";

const STAYS = ".o_field_widget[name=stage_history_ids] .o_data_row";

/** Starts on the form of an opportunity that was created in the first stage. */
registry.category("web_tour.tours").add("sales_funnel_control.lead_path", {
    steps: () => [
        {
            content: "Open the path",
            trigger: ".o_notebook a[name=path]",
            run: "click",
        },
        {
            content: "It began in the first stage",
            trigger: `${STAYS}:eq(0):contains(Client List):contains(Created):contains(Still)`,
        },
        {
            content: "Move on",
            trigger: ".o_statusbar_status button:contains(Acquaintance)",
            run: "click",
        },
        {
            content: "The first stay has ended",
            trigger: `${STAYS}:eq(0):contains(Client List):contains(Advanced)`,
        },
        {
            content: "A second one has begun",
            trigger: `${STAYS}:eq(1):contains(Acquaintance):contains(Advanced):contains(Still)`,
        },
    ],
});
