namespace Fovea.Api.Keys;

/// <summary>A group of routes that an API key opens.</summary>
internal enum KeyScope
{
    /// <summary>Classifying and explaining images, if the settings require a key for that.</summary>
    Classify,

    /// <summary>Uploading and reading data sets, and fine-tuning models on them.</summary>
    Train,

    /// <summary>Adding, removing and loading models, and choosing the versions that serve.</summary>
    Administer,
}
