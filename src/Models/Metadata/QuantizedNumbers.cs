using System.Text.Json.Serialization;

namespace Fovea.Models.Metadata;

/// <summary>The numbers with which a quantised network computes.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<QuantizedNumbers>))]
public enum QuantizedNumbers
{
    /// <summary>8-bit integers, for processors.</summary>
    [JsonStringEnumMemberName("int8")]
    Int8,

    /// <summary>16-bit floats (IEEE half precision), for GPUs.</summary>
    [JsonStringEnumMemberName("fp16")]
    Fp16,
}
