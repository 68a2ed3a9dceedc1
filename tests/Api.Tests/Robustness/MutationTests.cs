using Fovea.Api.Tests.Hosting;
using SkiaSharp;

namespace Fovea.Api.Tests.Robustness;

[Trait("Needs", "time")]
public sealed class MutationTests(SharedService shared)
{
    private const int Requests = 1_500;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Mutated_request_is_answered_or_refused_and_the_service_keeps_running(int seed)
    {
        var mutator = new Mutator(
            seed,
            Images.Digit,
            Images.Stroke(SKEncodedImageFormat.Jpeg, 40),
            Images.Stroke(SKEncodedImageFormat.Webp, 40),
            Images.Stroke(SKEncodedImageFormat.Png, 60));
        var statuses = new HashSet<int>();
        for (int i = 0; i < Requests; i++)
        {
            using var request = mutator.Next("/classify/lenet5");
            using var answer = await shared.Running.Client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.True(
                (int)answer.StatusCode < 500,
                $"Request {i} of seed {seed} was answered with {answer.StatusCode}. {shared.Running.Logs.Errors.LastOrDefault()}");
            statuses.Add((int)answer.StatusCode);
        }

        Assert.Superset(new HashSet<int> { 200, 400, 415, 422 }, statuses);
        Assert.Equal(200, (await shared.Running.Post("/classify/lenet5", Images.Digit.As(null))).Status);
    }
}
