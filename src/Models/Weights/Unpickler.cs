using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Fovea.Models;

/// <summary>
/// Reads Python's pickles as torch.save writes them, and executes nothing: of the opcodes (Python's pickletools lists them) only those that make
/// data; names are left to <see cref="TorchObjects"/>. Values are long, BigInteger, double, bool, string, object?[] (a tuple),
/// List&lt;object?&gt;, <see cref="PickledDictionary"/>, <see cref="PickledName"/>, <see cref="TorchStorage"/> and <see cref="TorchTensor"/>.
/// </summary>
internal sealed class Unpickler(ReadOnlyMemory<byte> file, int position = 0)
{
    private readonly List<object?> stack = [];
    private readonly Stack<int> marks = [];
    private readonly Dictionary<long, object?> memo = [];
    private readonly TorchObjects objects = new(file.Length);

    /// <summary>Where the next pickle begins.</summary>
    public int Position { get; private set; } = position;

    /// <summary>Every storage that was named, by its key.</summary>
    public IReadOnlyDictionary<string, TorchStorage> Storages => objects.Storages;

    /// <summary>Reads the next pickle.</summary>
    /// <exception cref="FoveaException">It ends early, contradicts itself, or asks for what is not data.</exception>
    public object? Read()
    {
        stack.Clear();
        marks.Clear();
        memo.Clear();
        while (true)
        {
            byte opcode = Take(1)[0];
            if (opcode == '.')
            {
                return Pop();
            }

            Execute(opcode);
        }
    }

    private void Execute(byte opcode)
    {
        switch (opcode)
        {
            case 0x80: // PROTO
                Take(1);
                break;
            case 0x95: // FRAME
                Take(8);
                break;
            case (byte)'(':
                marks.Push(stack.Count);
                break;
            case (byte)'0':
                Pop();
                break;
            case (byte)'N':
                stack.Add(null);
                break;
            case 0x88 or 0x89: // NEWTRUE, NEWFALSE
                stack.Add(opcode == 0x88);
                break;
            case (byte)'K':
                stack.Add((long)Take(1)[0]);
                break;
            case (byte)'M':
                stack.Add((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
                break;
            case (byte)'J':
                stack.Add((long)Int32());
                break;
            case 0x8a: // LONG1
                var number = new BigInteger(Take(Take(1)[0]));
                stack.Add(number >= long.MinValue && number <= long.MaxValue ? (long)number : number);
                break;
            case (byte)'G':
                stack.Add(BinaryPrimitives.ReadDoubleBigEndian(Take(8)));
                break;
            case (byte)'U' or 0x8c: // SHORT_BINSTRING, SHORT_BINUNICODE
                stack.Add(Encoding.UTF8.GetString(Take(Take(1)[0])));
                break;
            case (byte)'T' or (byte)'X': // BINSTRING, BINUNICODE
                stack.Add(Encoding.UTF8.GetString(Take(Int32())));
                break;
            case (byte)'}':
                stack.Add(new PickledDictionary());
                break;
            case (byte)']':
                stack.Add(new List<object?>());
                break;
            case (byte)')':
                stack.Add(Array.Empty<object?>());
                break;
            case 0x85 or 0x86 or 0x87: // TUPLE1, TUPLE2, TUPLE3
                stack.Add(PopLast(opcode - 0x84));
                break;
            case (byte)'t':
                stack.Add(PopToMark());
                break;
            case (byte)'a':
                var item = Pop();
                Top<List<object?>>().Add(item);
                break;
            case (byte)'e':
                var items = PopToMark();
                Top<List<object?>>().AddRange(items);
                break;
            case (byte)'s':
                Put(PopLast(2));
                break;
            case (byte)'u':
                Put(PopToMark());
                break;
            case (byte)'q':
                memo[Take(1)[0]] = Top<object?>();
                break;
            case (byte)'r':
                memo[Int32()] = Top<object?>();
                break;
            case 0x94: // MEMOIZE
                memo[memo.Count] = Top<object?>();
                break;
            case (byte)'h':
                stack.Add(Remembered(Take(1)[0]));
                break;
            case (byte)'j':
                stack.Add(Remembered(Int32()));
                break;
            case (byte)'c':
                stack.Add(TorchObjects.Named(Line(), Line()));
                break;
            case 0x93: // STACK_GLOBAL
                var name = Pop<string>();
                stack.Add(TorchObjects.Named(Pop<string>(), name));
                break;
            case (byte)'Q':
                stack.Add(objects.Persistent(Pop<object?[]>()));
                break;
            case (byte)'R':
                var arguments = Pop<object?[]>();
                stack.Add(objects.Call(Pop<PickledName>().Name, arguments));
                break;
            case (byte)'b':
                // The state of an OrderedDict is what PyTorch notes about versions; no data.
                Pop();
                Top<PickledDictionary>();
                break;
            default:
                throw Bad($"it holds the opcode 0x{opcode:x2}, which is not needed to describe tensors");
        }
    }

    private void Put(object?[] items)
    {
        if (items.Length % 2 != 0)
        {
            throw Bad("a dictionary is given a key without a value");
        }

        var dictionary = Top<PickledDictionary>();
        for (int i = 0; i < items.Length; i += 2)
        {
            dictionary.Add((items[i], items[i + 1]));
        }
    }

    private object? Remembered(long index) => memo.TryGetValue(index, out var value) ? value : throw Bad($"it recalls {index}, which it never noted");

    private object?[] PopToMark() => marks.TryPop(out int mark) && mark <= stack.Count ? PopLast(stack.Count - mark) : throw Bad("a mark is missing");

    private object?[] PopLast(int count)
    {
        if (count > stack.Count)
        {
            throw Bad("it takes more from its stack than there is");
        }

        var last = stack[^count..].ToArray();
        stack.RemoveRange(stack.Count - count, count);
        return last;
    }

    private object? Pop() => PopLast(1)[0];

    private T Pop<T>()
    {
        var top = Top<T>();
        stack.RemoveAt(stack.Count - 1);
        return top;
    }

    private T Top<T>() => stack.Count == 0
        ? throw Bad("it takes more from its stack than there is")
        : stack[^1] is T or null && (T?)stack[^1] is var top && (top is not null || typeof(T) == typeof(object)) ? top! : throw Bad("an opcode meets a value of another kind");

    private int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    private string Line()
    {
        int length = file.Span[Position..].IndexOf((byte)'\n');
        return length < 0 ? throw Bad("it ends within a name") : Encoding.UTF8.GetString(Take(length + 1)[..^1]);
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > file.Length - Position)
        {
            throw Bad("it ends too early");
        }

        Position += count;
        return file.Span.Slice(Position - count, count);
    }

    /// <summary>The reason why a pickle is refused.</summary>
    internal static FoveaException Bad(string reason) => new(ErrorCode.BadModelFile, $"its pickle cannot be read: {reason}.");
}
