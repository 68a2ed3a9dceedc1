using Fovea.Models.Runtime;

namespace Fovea.Api.Scheduling;

/// <summary>A kind of session and a batch size that tuning measures.</summary>
/// <param name="Kind">The kind of session.</param>
/// <param name="Size">The number of images in a run, at least 1.</param>
internal readonly record struct Trial(SessionKind Kind, int Size);
