"""Names of people, places and organisations in Chinese text, by the tags of jieba's part-of-speech tagger."""

import logging
from functools import cache
from typing import Any

# Of one character; the others are words as often, 和, 时, 从: only where a name is sure to stand.
COMMON_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜谢邹章苏潘葛范彭鲁韦马方任袁柳史唐薛雷贺汤罗毕郝"
    "安于傅齐康伍余顾孟黄萧尹姚邵汪毛戴宋庞熊纪舒项董梁杜贾江郭林钟徐邱高夏蔡田胡万莫丁邓洪石崔龚程陆翁段侯武刘龙"
    "叶白赖乔曾瞿"
)
SURNAMES = COMMON_SURNAMES + (
    "尤施戚喻柏水窦云奚郎昌苗凤花俞鲍费廉岑倪滕殷邬常乐时皮卞元卜平和穆祁禹狄米贝明臧计伏成谈茅屈祝阮蓝闵席季麻强"
    "路娄危童颜梅盛刁骆樊凌霍虞支柯管卢经房裘缪干解应宗宣郁单杭包诸左吉钮嵇邢裴荣荀羊惠甄曲家封储靳焦宓蓬全班仰秋"
    "仲伊宫宁仇栾暴甘厉戎祖符景詹束幸司韶黎薄印宿怀蒲邰从鄂索咸籍卓蔺屠蒙池阴胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰"
    "郦雍桑桂牛寿通边扈燕冀浦尚农温别庄晏柴阎充慕连茹习艾鱼容向古易慎戈廖庾终居衡步都耿满弘匡国文寇广禄阙东欧利蔚"
    "越隆师巩厍聂晁勾敖冷辛阚那简饶关蒯相查后荆红游竺权盖益桓公"
)
_TAGS = frozenset({"nr", "nrt", "nrfg", "ns", "nt"})


@cache
def _tagger() -> Any:
    """The tagger; its word list is loaded at the first use, which takes about a second."""
    import jieba
    import jieba.posseg

    jieba.setLogLevel(logging.WARNING)
    return jieba.posseg.POSTokenizer()


def names_in(text: str) -> set[str]:
    """The names of at least two characters; what the tagger does not know is none."""
    return {word.word for word in _tagger().cut(text) if word.flag in _TAGS and len(word.word) > 1}
