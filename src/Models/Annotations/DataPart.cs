namespace Fovea.Models.Annotations;

/// <summary>What the images of a part of a data set are for.</summary>
public enum DataPart
{
    /// <summary>A network learns from them.</summary>
    Train,

    /// <summary>They choose among networks: the folder val, valid or validation.</summary>
    Validation,

    /// <summary>They judge the network that was chosen.</summary>
    Test,
}

/// <summary>The names of the folders that divide a data set.</summary>
public static class DataParts
{
    /// <summary>The part that a folder's name stands for, in any case; <c>null</c> for any other name.</summary>
    public static DataPart? Named(string folder) => folder.ToUpperInvariant() switch
    {
        "TRAIN" or "TRAINING" => DataPart.Train,
        "VAL" or "VALID" or "VALIDATION" => DataPart.Validation,
        "TEST" or "TESTING" => DataPart.Test,
        _ => null,
    };
}
