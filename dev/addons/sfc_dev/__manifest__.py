{
    "name": "Sales Funnel Control: development",
    "summary": "Makes the distribution's Odoo fit for a browser; for tests and the demo only",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "license": "LGPL-3",
    "author": "Sales Funnel Control contributors",
    "depends": ["mail"],
    "assets": {
        "web.assets_backend": [
            # The distribution leaves it out, and its absence is an error in every page's console.
            ("remove", "mail/static/lib/selfie_segmentation/selfie_segmentation.js"),
        ],
    },
}
