using System.Text.Json.Serialization;

namespace Fovea.Api;

/// <summary>Whether a model can answer.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ModelState>))]
internal enum ModelState
{
    /// <summary>The service is starting, and has not come to it yet.</summary>
    [JsonStringEnumMemberName("loading")]
    Loading,

    /// <summary>It answers.</summary>
    [JsonStringEnumMemberName("ready")]
    Ready,

    /// <summary>It could not be loaded.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>It has versions, and none of them was published yet.</summary>
    [JsonStringEnumMemberName("unpublished")]
    Unpublished,

    /// <summary>It was unloaded, and answers again once it is loaded.</summary>
    [JsonStringEnumMemberName("unloaded")]
    Unloaded,
}
