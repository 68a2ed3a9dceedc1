using Fovea.Api.Tests.Hosting;

namespace Fovea.Api.Tests.Robustness;

[Trait("Needs", "time")]
public sealed class ModelMutationTests
{
    private const int Uploads = 60;

    // Beginnings of .NET's own messages, which tell the sender of a file nothing.
    private static readonly string[] Raw =
        ["Object reference", "Sequence contains", "Index was out", "Specified argument", "Arithmetic", "Unable to cast", "The given key"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Mutated_model_is_served_or_refused_and_reads_no_file_outside_its_folder(int seed)
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var administrator = await Administrator.Start(repository);
        File.WriteAllBytes(Path.Combine(repository.Folder, ModelMutator.Canary), ModelMutator.CanaryContent);
        var mutator = new ModelMutator(seed);
        var statuses = new HashSet<int>();
        for (int i = 1; i <= Uploads; i++)
        {
            using var form = mutator.Next();
            var (status, json) = await administrator.Send(HttpMethod.Put, $"/models/mutated/versions/{i}", form);
            Assert.True(
                status is 201 or 400 or 422,
                $"Upload {i} of seed {seed} ({mutator.Last}) is answered with {status} {json}. "
                    + administrator.Service.Logs.Errors.LastOrDefault());
            Assert.All(Raw, phrase => Assert.DoesNotContain(phrase, $"{json}", StringComparison.Ordinal));
            Assert.False(mutator.LastLooksOutside && status == 201, $"Upload {i} of seed {seed} ({mutator.Last}) was accepted: {json}");
            statuses.Add(status);
            if (status == 201)
            {
                var (classified, answer) = await administrator.Service.Post("/classify/mutated", Images.Digit.As(null));
                Assert.True(classified is 200 or 422, $"Upload {i} of seed {seed} ({mutator.Last}) answers with {answer}");
            }
        }

        Assert.Superset(new HashSet<int> { 201, 422 }, statuses);
        Assert.Equal(1, await administrator.Version());
        Assert.Empty(administrator.Service.Logs.Errors);
    }
}
