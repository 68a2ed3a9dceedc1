using Fovea.Api.Jobs;

namespace Fovea.Api.Tests.FineTuning;

/// <summary>Makes a job that has just been created.</summary>
internal static class NewJob
{
    public static Job Of(string id) => new()
    {
        Id = id,
        Model = "lenet5",
        BaseVersion = 1,
        Dataset = "ds_0",
        Suffix = "a",
        FineTunedModel = "lenet5-a",
        Method = "auto",
        Seed = 1,
        PublishesItself = true,
        CreatedAt = 0,
    };
}
