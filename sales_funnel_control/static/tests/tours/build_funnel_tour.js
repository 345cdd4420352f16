import {registry} from "@web/core/registry";

/** Starts on the form of a team that has no stages of its own. */
registry.category("web_tour.tours").add("sales_funnel_control.build_funnel", {
    steps: () => [
        {
            content: "Open the wizard",
            trigger: "button[name=action_build_funnel]",
            run: "click",
        },
        {
            content: "Another kind of funnel proposes other stages",
            trigger: ".modal .o_field_widget[name=funnel_kind] label:contains(Proactive)",
            run: "click",
        },
        {
            trigger: ".modal .o_data_row:contains(Warm Contact)",
        },
        {
            content: "Build it",
            trigger: ".modal button[name=action_build]",
            run: "click",
        },
        {
            content: "The funnel is now the team's own, and is not built twice",
            trigger:
                "body:not(:has(.modal, [name=action_build_funnel])) [name=has_own_funnel] input:checked",
        },
    ],
});
