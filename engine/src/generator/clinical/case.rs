//! What visits are about: the words that notes are made of, written for this project.

/// Bits of a case's vital signs: fever, low oxygen, high blood pressure.
pub(super) const FEVER: u8 = 1;
pub(super) const HYPOXIA: u8 = 2;
pub(super) const PRESSURE: u8 = 4;

/// What a visit is about.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) complaint: &'static [&'static str],
    pub(super) symptoms: &'static [&'static str],
    pub(super) denied: &'static str,
    pub(super) examination: &'static [&'static str],
    pub(super) assessment: &'static [&'static str],
    pub(super) plan: &'static [&'static str],
    pub(super) vitals: u8,
    /// Least and greatest length of the complaint in days.
    pub(super) days: (u64, u64),
}

pub(super) static CASES: &[Case] = &[
    Case {
        complaint: &["Cough", "Productive cough", "Cough and fever"],
        symptoms: &[
            "yellow sputum and chills",
            "low-grade fever and fatigue",
            "pleuritic chest pain on the right",
            "poor appetite and night sweats",
        ],
        denied: "hemoptysis or recent travel",
        examination: &[
            "Crackles at the right lung base, no wheezing.",
            "Coarse breath sounds on the left, no accessory muscle use.",
        ],
        assessment: &[
            "Community-acquired pneumonia, mild (J18.9).",
            "Acute bronchitis (J20.9), pneumonia less likely.",
        ],
        plan: &[
            "Chest X-ray today.",
            "Amoxicillin 875 mg twice daily for 7 days.",
            "Azithromycin 500 mg once, then 250 mg daily for 4 days.",
            "Fluids and rest; acetaminophen as needed.",
        ],
        vitals: FEVER | HYPOXIA,
        days: (2, 10),
    },
    Case {
        complaint: &["Sore throat", "Sore throat and fever"],
        symptoms: &[
            "pain on swallowing",
            "swollen glands",
            "headache and malaise",
        ],
        denied: "cough, rash or difficulty breathing",
        examination: &[
            "Pharynx red with tonsillar exudate; tender anterior cervical nodes.",
            "Pharynx mildly red, no exudate; no adenopathy.",
        ],
        assessment: &["Acute pharyngitis (J02.9).", "Acute tonsillitis (J03.90)."],
        plan: &[
            "Rapid strep test; treat if positive.",
            "Ibuprofen 400 mg every 6 hours with food.",
            "Salt-water gargles and fluids.",
        ],
        vitals: FEVER,
        days: (1, 6),
    },
    Case {
        complaint: &["Low back pain", "Back pain after lifting"],
        symptoms: &[
            "pain worse with bending",
            "stiffness in the morning",
            "radiation to the left buttock",
        ],
        denied: "leg weakness, numbness of the saddle area or loss of bladder control",
        examination: &[
            "Paraspinal tenderness at L4-L5; straight leg raise negative; strength 5/5.",
            "Reduced lumbar flexion; reflexes symmetric; gait normal.",
        ],
        assessment: &[
            "Acute low back pain without red flags (M54.50).",
            "Lumbar strain.",
        ],
        plan: &[
            "Naproxen 500 mg twice daily for 10 days.",
            "Physical therapy referral.",
            "Stay active; no bed rest.",
            "Imaging only if there is no improvement in 6 weeks.",
        ],
        vitals: 0,
        days: (2, 30),
    },
    Case {
        complaint: &[
            "Follow-up of hypertension",
            "Elevated blood pressure at home",
        ],
        symptoms: &[
            "home readings around 150/90",
            "occasional headaches",
            "missed doses last month",
        ],
        denied: "chest pain, dyspnea or visual changes",
        examination: &[
            "Regular rate and rhythm, no murmur; lungs clear; no edema.",
            "Heart sounds normal; fundi without hemorrhage; pulses equal.",
        ],
        assessment: &[
            "Essential hypertension, above goal (I10).",
            "Essential hypertension (I10), adherence to be improved.",
        ],
        plan: &[
            "Increase lisinopril to 20 mg daily.",
            "Add amlodipine 5 mg daily.",
            "Basic metabolic panel in 2 weeks.",
            "Low-sodium diet; home readings twice a day.",
        ],
        vitals: PRESSURE,
        days: (14, 120),
    },
    Case {
        complaint: &["Follow-up of diabetes", "Increased thirst"],
        symptoms: &[
            "fasting glucose of 160 to 190 mg/dL",
            "frequent urination at night",
            "weight loss of 2 kg",
        ],
        denied: "hypoglycemia, foot ulcers or blurred vision",
        examination: &[
            "Feet without lesions; monofilament sensation intact.",
            "Abdomen soft; pedal pulses palpable; skin dry.",
        ],
        assessment: &[
            "Type 2 diabetes mellitus with hyperglycemia (E11.65).",
            "Type 2 diabetes mellitus, not at goal (E11.9).",
        ],
        plan: &[
            "Hemoglobin A1c and lipid panel today.",
            "Increase metformin to 1000 mg twice daily.",
            "Start empagliflozin 10 mg daily.",
            "Refer for eye examination and nutrition counseling.",
        ],
        vitals: PRESSURE,
        days: (20, 180),
    },
    Case {
        complaint: &["Burning on urination", "Urinary frequency"],
        symptoms: &["urgency", "cloudy urine", "suprapubic discomfort"],
        denied: "flank pain, vomiting or discharge",
        examination: &[
            "Mild suprapubic tenderness; no costovertebral angle tenderness.",
            "Abdomen soft, not distended; no flank tenderness.",
        ],
        assessment: &[
            "Urinary tract infection (N39.0).",
            "Uncomplicated cystitis, likely bacterial.",
        ],
        plan: &[
            "Urinalysis and culture.",
            "Nitrofurantoin 100 mg twice daily for 5 days.",
            "Fluids; return if fever develops.",
        ],
        vitals: 0,
        days: (1, 7),
    },
    Case {
        complaint: &["Headache", "Recurrent headaches"],
        symptoms: &[
            "throbbing pain on one side",
            "nausea and sensitivity to light",
            "relief with sleep in a dark room",
        ],
        denied: "fever, neck stiffness or sudden onset",
        examination: &[
            "Cranial nerves II to XII intact; no focal deficit; neck supple.",
            "Neurologic examination normal; no temporal tenderness.",
        ],
        assessment: &[
            "Migraine without aura (G43.909).",
            "Tension-type headache, episodic.",
        ],
        plan: &[
            "Sumatriptan 50 mg at onset, at most twice a week.",
            "Headache diary for 4 weeks.",
            "Regular sleep and meals; less caffeine.",
        ],
        vitals: 0,
        days: (3, 90),
    },
    Case {
        complaint: &["Heartburn", "Epigastric pain"],
        symptoms: &["burning after meals", "regurgitation at night", "bloating"],
        denied: "dysphagia, weight loss or black stools",
        examination: &[
            "Mild epigastric tenderness without guarding.",
            "Abdomen soft, bowel sounds normal, no masses.",
        ],
        assessment: &[
            "Gastro-esophageal reflux disease (K21.9).",
            "Dyspepsia, likely reflux (K21.9).",
        ],
        plan: &[
            "Omeprazole 20 mg before breakfast for 8 weeks.",
            "Raise the head of the bed; no late meals.",
            "H. pylori stool antigen if symptoms persist.",
        ],
        vitals: 0,
        days: (7, 120),
    },
    Case {
        complaint: &["Shortness of breath", "Wheezing"],
        symptoms: &[
            "chest tightness at night",
            "more frequent use of the inhaler",
            "symptoms after exercise",
        ],
        denied: "fever, leg swelling or chest pain at rest",
        examination: &[
            "Diffuse expiratory wheezes; speaks in full sentences.",
            "Prolonged expiration with scattered wheezes; no cyanosis.",
        ],
        assessment: &[
            "Asthma with acute exacerbation, mild (J45.909).",
            "COPD with acute exacerbation (J44.1).",
        ],
        plan: &[
            "Albuterol inhaler, 2 puffs every 4 hours as needed.",
            "Prednisone 40 mg daily for 5 days.",
            "Review of inhaler technique.",
            "Spirometry after recovery.",
        ],
        vitals: HYPOXIA,
        days: (1, 14),
    },
    Case {
        complaint: &["Low mood", "Anxiety and poor sleep"],
        symptoms: &[
            "early waking",
            "little interest in usual activities",
            "difficulty concentrating at work",
        ],
        denied: "suicidal thoughts, mania or hallucinations",
        examination: &[
            "Affect constricted; speech normal; thought process linear.",
            "Well groomed, anxious; insight and judgment good.",
        ],
        assessment: &[
            "Major depressive disorder, single episode (F32.9); PHQ-9 score 14.",
            "Generalized anxiety disorder (F41.1); GAD-7 score 12.",
        ],
        plan: &[
            "Start sertraline 50 mg daily.",
            "Referral for cognitive behavioral therapy.",
            "Sleep hygiene and regular exercise.",
            "Safety plan reviewed.",
        ],
        vitals: 0,
        days: (20, 180),
    },
    Case {
        complaint: &["Knee pain", "Swollen knee"],
        symptoms: &[
            "pain on stairs",
            "stiffness after rest",
            "swelling after long walks",
        ],
        denied: "trauma, fever or locking",
        examination: &[
            "Crepitus and mild effusion; range of motion 0 to 120 degrees; ligaments stable.",
            "Medial joint line tenderness; no warmth or redness.",
        ],
        assessment: &[
            "Osteoarthritis of the knee (M17.9).",
            "Knee pain, likely degenerative.",
        ],
        plan: &[
            "Weight-bearing X-ray of the knee.",
            "Topical diclofenac four times daily.",
            "Physical therapy and weight reduction.",
            "Consider injection if there is no relief.",
        ],
        vitals: 0,
        days: (10, 365),
    },
    Case {
        complaint: &["Annual physical examination", "Health maintenance visit"],
        symptoms: &[
            "no new concerns",
            "exercise twice a week",
            "a request for vaccinations",
        ],
        denied: "chest pain, weight change or change in bowel habits",
        examination: &[
            "General examination normal; heart and lungs without findings.",
            "Skin without suspicious lesions; abdomen soft; neurologic examination normal.",
        ],
        assessment: &[
            "Routine adult examination without abnormal findings (Z00.00).",
            "Healthy adult, preventive care up to date.",
        ],
        plan: &[
            "Lipid panel, glucose and complete blood count.",
            "Influenza vaccine given today.",
            "Colon cancer screening discussed.",
            "Diet and exercise counseling.",
        ],
        vitals: 0,
        days: (330, 420),
    },
];

pub(super) const HISTORY: &[&str] = &[
    "hypertension",
    "type 2 diabetes",
    "hyperlipidemia",
    "hypothyroidism",
    "asthma",
    "migraine",
    "osteoarthritis",
    "anxiety",
    "reflux disease",
    "seasonal allergies",
    "obesity",
    "chronic kidney disease stage 3",
    "atrial fibrillation",
    "gout",
];

pub(super) const SOCIAL: &[&str] = &[
    "Never smoker, occasional alcohol.",
    "Former smoker, quit ten years ago.",
    "Smokes half a pack a day.",
    "No tobacco, alcohol or drugs.",
    "Lives alone, independent.",
    "Lives with family; works full time.",
    "Retired; walks daily.",
];

/// How often a medicine is taken, and how often that is said.
pub(super) const FREQUENCIES: &[(&str, usize)] = &[
    ("daily", 3),
    ("twice daily", 1),
    ("at bedtime", 1),
    ("as needed", 1),
];

pub(super) const RETURNS: &[&str] = &[
    "Follow-up in 1 week.",
    "Follow-up in 2 weeks.",
    "Follow-up in 3 months.",
    "Return if symptoms worsen.",
    "Call with results; follow-up as needed.",
];
