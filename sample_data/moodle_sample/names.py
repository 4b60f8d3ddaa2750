"""Names of the people of the Moodle sample. Each list pairs the written form with the letters a user name is made of."""

from __future__ import annotations

from dataclasses import dataclass

NAMES: tuple[tuple[str, str, str], ...] = (
    (
        "es",
        "Lucía/lucia Íñigo/inigo Begoña/begona Martín/martin Noelia/noelia Óscar/oscar",
        "Muñoz/munoz Ibáñez/ibanez Peláez/pelaez Quintana/quintana Zorrilla/zorrilla",
    ),
    (
        "cs",
        "Zdeněk/zdenek Jiří/jiri Růžena/ruzena Ondřej/ondrej Žofie/zofie Běla/bela",
        "Šimek/simek Zajíček/zajicek Hrubý/hruby Vaněk/vanek Křížek/krizek",
    ),
    (
        "is",
        "Þóra/thora Åse/aase Björn/bjorn Sæunn/saeunn Jørgen/jorgen Eyðun/eydun",
        "Ødegård/odegard Sjöberg/sjoberg Lähde/lahde Ægisson/aegisson Kvist/kvist",
    ),
    (
        "tr",
        "İbrahim/ibrahim Işıl/isil Çağla/cagla Gülşen/gulsen Tuğrul/tugrul Özlem/ozlem",
        "Yıldız/yildiz Şahin/sahin Güneş/gunes Ağaoğlu/agaoglu Çınar/cinar",
    ),
    (
        "vi",
        "Hạnh/hanh Dũng/dung Phượng/phuong Tuấn/tuan Yến/yen Lộc/loc",
        "Nguyễn/nguyen Trần/tran Phạm/pham Đặng/dang Võ/vo",
    ),
    (
        "el",
        "Ελένη/eleni Νίκος/nikos Δήμητρα/dimitra Σπύρος/spyros Άννα/anna Θάνος/thanos",
        "Παππάς/pappas Αγγέλου/angelou Ξένος/xenos Ρήγας/rigas Μελάς/melas",
    ),
    (
        "uk",
        "Олена/olena Тарас/taras Ївга/yivha Богдан/bohdan Соломія/solomiia Єгор/yehor",
        "Коваль/koval Шевчук/shevchuk Гнатюк/hnatiuk Щербак/shcherbak Бойко/boiko",
    ),
    (
        "ar",
        "ليلى/layla سامي/sami نور/noor طارق/tariq هدى/huda ياسين/yassin",
        "حداد/haddad منصور/mansour خوري/khoury سالم/salem درويش/darwish",
    ),
    (
        "he",
        "תמר/tamar יונתן/yonatan שירה/shira אלון/alon נועה/noa דביר/dvir",
        "לביא/lavi שקד/shaked ברק/barak צור/tzur גלבוע/gilboa",
    ),
    (
        "hi",
        "आशा/asha रोहन/rohan मीरा/meera विक्रम/vikram सुधा/sudha अर्जुन/arjun",
        "शर्मा/sharma वर्मा/verma जोशी/joshi नायर/nair चौहान/chauhan",
    ),
    (
        "zh_cn",
        "秀英/xiuying 建国/jianguo 雪/xue 明/ming 丽华/lihua 子轩/zixuan",
        "王/wang 欧阳/ouyang 陈/chen 赵/zhao 林/lin",
    ),
    (
        "ko",
        "서연/seoyeon 민준/minjun 지우/jiwoo 하은/haeun 도윤/doyun 수빈/subin",
        "김/kim 박/park 최/choi 남궁/namgung 윤/yoon",
    ),
    (
        "ka",
        "ნინო/nino გიორგი/giorgi თამარ/tamari ლევან/levan მარიამ/mariam ზურაბ/zurab",
        "ბერიძე/beridze კაპანაძე/kapanadze ლომიძე/lomidze მაისურაძე/maisuradze გელაშვილი/gelashvili",
    ),
)

COUNTRY = {
    "es": "ES",
    "cs": "CZ",
    "is": "IS",
    "tr": "TR",
    "vi": "VN",
    "el": "GR",
    "uk": "UA",
    "ar": "JO",
    "he": "IL",
    "hi": "IN",
    "zh_cn": "CN",
    "ko": "KR",
    "ka": "GE",
}


@dataclass(frozen=True)
class Name:
    lang: str
    given: str
    family: str
    login: str


def all_names() -> list[Name]:
    """Each given name with each family name of its list, no login twice."""
    names: dict[str, Name] = {}
    for lang, givens, families in NAMES:
        for given, given_ascii in (pair.split("/") for pair in givens.split()):
            for family, family_ascii in (pair.split("/") for pair in families.split()):
                login = f"{given_ascii}.{family_ascii}"
                names.setdefault(login, Name(lang, given, family, login))
    return list(names.values())
