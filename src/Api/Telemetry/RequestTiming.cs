namespace Fovea.Api;

/// <summary>What a request is counted under: the model that it asked, and when its answer was ready to be written.</summary>
internal sealed class RequestTiming(string model)
{
    /// <summary>The model's name; one that exists.</summary>
    public string Model { get; } = model;

    /// <summary>When the answer was there, a timestamp of <see cref="System.Diagnostics.Stopwatch"/>; 0 until then.</summary>
    public long Answered { get; set; }
}
