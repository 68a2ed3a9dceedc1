using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;

namespace Fovea.Api.Tests.ModelRepository;

[Trait("Needs", "time")]
public sealed class ModelCheckTests
{
    private const long MiB = 1 << 20;

    public static TheoryData<string, byte[], string> Refused => new()
    {
        { "a constant that fits into memory for one run but not for serving", Networks.WithConstant(
            600 * MiB), "1,073,741,824 bytes of memory" },
        { "a constant over the memory limit", Networks.WithConstant(1200 * MiB), "1,073,741,824 bytes of memory" },
        { "a tensor that grows with the batch", Networks.GrowingWithTheBatch(40 * MiB), "images each, at the same time" },
        { "NaN for black images", Networks.NanAt(0), "gives NaN for a black image" },
        { "NaN for white images", Networks.NanAt(255), "gives NaN for a white image" },
        { "NaN for grey images", Networks.NanAt(128), "gives NaN for a grey image" },
        { "infinity for all images", Networks.Constant(float.PositiveInfinity), "gives infinity for a black image" },
    };

    [Theory, MemberData(nameof(Refused))]
    public async Task Model_that_cannot_serve_is_refused_with_the_measured_reason(string kind, byte[] model, string reason)
    {
        using var repository = new Repository();
        await using var administrator = await Administrator.Start(
            repository, $"--Fovea:CheckMemoryBytes={1024 * MiB}", "--Fovea:MaxBatch=32");
        (await administrator.Put("/models/new/versions/1", model)).Json.IsProblem(422, "bad_model_file", reason);
        Assert.True(Environment.WorkingSet < 4L << 30, kind);
        Assert.Empty(Directory.EnumerateFileSystemEntries(repository.Folder));
    }

    public static TheoryData<string, byte[]> Taken => new()
    {
        { "a constant that fits into memory for serving", Networks.WithConstant(40 * MiB) },
        { "a probability of 0", Networks.Certain() },
        { "one image at a time, though its input says otherwise", Networks.OneByOne() },
        { "LeNet-5", UploadTests.Body("good") },
    };

    [Theory, MemberData(nameof(Taken))]
    public async Task Model_within_the_limits_is_accepted(string kind, byte[] model)
    {
        using var repository = new Repository();
        await using var administrator = await Administrator.Start(repository, $"--Fovea:CheckMemoryBytes={1024 * MiB}");
        var (status, json) = await administrator.Put("/models/new/versions/1", model);
        Assert.True(status == 201, $"{kind}: {json}");
        Assert.Equal(1, await administrator.Version("/classify/new"));
    }
}
