using Fovea.Models;

namespace Fovea.Api;

/// <summary>What a model sees in an image.</summary>
/// <param name="Model">The model that answered.</param>
/// <param name="Version">Its version.</param>
/// <param name="Trained">Whether its weights were learnt; if not, the answer means nothing.</param>
/// <param name="Predictions">The likeliest classes, the likeliest first.</param>
internal sealed record Answer(string Model, int Version, bool Trained, IReadOnlyList<Prediction> Predictions);
